(* The function of a lower bound with ln T for the average without weights: one on which noise climbs, as a ratchet does.
   F'(x) = mu tooth(z)/x, z = x^2/(2M), between X0 and X1, where tooth is a triangular wave of period 8 between -1 and 3, of
   mean 1; to the left F' is constant, to the right a slope leads down again. *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums Smoothness SmoothFunctions Logarithm.
Local Open Scope R_scope.

(* z = 8 cell(z) + y with 0 <= y < 8: the wave is min(y, 8-y) - 1. Noise is where it is above -2/5. *)
Definition cell (z : R) : R := IZR (Int_part (z / 8)).
Definition tooth (z : R) : R := Rmin (z - 8 * cell z) (8 * cell z + 8 - z) - 1.
Definition hot (z : R) : Prop := - (2 / 5) < tooth z.
(* The length of the valleys, |z - 8n| <= 1/2, in [0, z]. *)
Definition valley (z : R) : R := let c := cell (z + 1 / 2) in c + Rmin 1 (z + 1 / 2 - 8 * c) - 1 / 2.
(* H' = h of period 8: on [8n-1/2, 8n+1/2] h falls from 8 to 1, from there to 8n+15/2 it rises to 8 with slope 1. *)
Definition climb_part (w : R) : R := if Rle_dec w 1 then 8 * w - 7 / 2 * w² else 4 + w² / 2.
Definition climb (z : R) : R := let c := cell (z + 1 / 2) in 36 * c + climb_part (z + 1 / 2 - 8 * c) - 25 / 8.
Definition climb_slope (z : R) : R := let w := z + 1 / 2 - 8 * cell (z + 1 / 2) in if Rle_dec w 1 then 8 - 7 * w else w.

Lemma cell_spec z : exists n, cell z = IZR n /\ 8 * IZR n <= z < 8 * IZR n + 8.
Proof.
  exists (Int_part (z / 8)). split; [reflexivity|]. destruct (base_Int_part (z / 8)) as [A B]. lra.
Qed.

Lemma cell_is n z : 8 * IZR n <= z < 8 * IZR n + 8 -> cell z = IZR n.
Proof.
  intros H. destruct (cell_spec z) as (m & -> & Hm). f_equal.
  assert (m < n + 1)%Z by (apply lt_IZR; rewrite plus_IZR; lra).
  assert (n < m + 1)%Z by (apply lt_IZR; rewrite plus_IZR; lra). lia.
Qed.

(* A function that grows on the first cell and continues with period 8, up to A per period, grows. *)
Lemma cells_grow A (f g : R -> R) : f 0 = 0 -> f 8 = A -> (forall w w', 0 <= w -> w <= w' -> w' <= 8 -> f w <= f w') ->
  (forall z, g z = A * cell z + f (z - 8 * cell z)) -> forall z z', z <= z' -> g z <= g z'.
Proof.
  intros F0 F8 Hf Hg z z' Hz. rewrite !Hg. destruct (cell_spec z) as (n & -> & Hn), (cell_spec z') as (n' & -> & Hn').
  destruct (Z.eq_dec n n') as [-> | N]; [pose proof (Hf (z - 8 * IZR n') (z' - 8 * IZR n')); lra|].
  assert (n < n' + 1)%Z by (apply lt_IZR; rewrite plus_IZR; lra).
  assert (I : IZR n + 1 <= IZR n') by (rewrite <- plus_IZR; apply IZR_le; lia).
  pose proof (Hf (z - 8 * IZR n) 8 ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (Hf 0 (z' - 8 * IZR n') ltac:(lra) ltac:(lra) ltac:(lra)).
  assert (0 <= A) by (rewrite <- F8, <- F0; apply Hf; lra). nra.
Qed.

Lemma tooth_bounds z : -1 <= tooth z <= 3.
Proof.
  unfold tooth. destruct (cell_spec z) as (n & -> & H). apply (Rmin_case_strong (z - 8 * IZR n) (8 * IZR n + 8 - z)); lra.
Qed.

Lemma tooth_left n z : 8 * INR n <= z <= 8 * INR n + 4 -> tooth z = z - 8 * INR n - 1.
Proof.
  rewrite INR_IZR_INZ. intros H. unfold tooth. rewrite (cell_is (Z.of_nat n)), Rmin_left by lra. reflexivity.
Qed.

Lemma tooth_right n z : 8 * INR n + 4 <= z <= 8 * INR n + 8 -> tooth z = 8 * INR n + 7 - z.
Proof.
  intros H. destruct (Req_dec z (8 * INR n + 8)) as [-> | N].
  - rewrite (tooth_left (S n)); rewrite S_INR; lra.
  - unfold tooth. rewrite (cell_is (Z.of_nat n)); rewrite <- INR_IZR_INZ; [rewrite Rmin_right by lra|]; lra.
Qed.

Lemma tooth_bottom n : tooth (8 * INR n) = -1.
Proof. rewrite (tooth_left n); lra. Qed.

(* |g(z') - g(z)| <= |z' - z| for g that changes so on z <= z'. *)
Lemma ordered_lipschitz c (g : R -> R) : (forall z z', z <= z' -> Rabs (g z' - g z) <= c * (z' - z)) ->
  forall z z', Rabs (g z' - g z) <= c * Rabs (z' - z).
Proof.
  intros G z z'. destruct (Rle_dec z z').
  - rewrite (Rabs_pos_eq (z' - z)) by lra. auto.
  - rewrite Rabs_minus_sym, (Rabs_minus_sym z'), (Rabs_pos_eq (z - z')) by lra. apply G. lra.
Qed.

Lemma tooth_lipschitz z z' : Rabs (tooth z' - tooth z) <= Rabs (z' - z).
Proof.
  rewrite <- (Rmult_1_l (Rabs (z' - z))). apply ordered_lipschitz. clear z z'. intros a b Hab.
  assert (P : forall s, s = 1 \/ s = -1 -> a + s * (tooth a + 1) <= b + s * (tooth b + 1)).
  { intros s Hs. apply (cells_grow 8 (fun w => w + s * Rmin w (8 - w)) (fun z => z + s * (tooth z + 1))); auto.
    - rewrite Rmin_left; lra.
    - rewrite Rmin_right; lra.
    - intros w w' H0 H1 H2. apply (Rmin_case_strong w (8 - w)); apply (Rmin_case_strong w' (8 - w')); intros;
        destruct Hs as [-> | ->]; lra.
    - intros z. unfold tooth. replace (8 * cell z + 8 - z) with (8 - (z - 8 * cell z)) by ring. ring. }
  pose proof (P 1 ltac:(auto)). pose proof (P (-1) ltac:(auto)). apply Rabs_le; lra.
Qed.

(* z + 1/2 = 8 n + w: what a statement about h, H and V comes to. *)
Lemma half_cell z : exists n w, cell (z + 1 / 2) = IZR n /\ z + 1 / 2 = 8 * IZR n + w /\ 0 <= w < 8.
Proof.
  destruct (cell_spec (z + 1 / 2)) as (n & E & H). exists n, (z + 1 / 2 - 8 * IZR n). repeat split; auto; lra.
Qed.

Lemma climb_slope_bounds z : 1 <= climb_slope z <= 8.
Proof.
  unfold climb_slope. cbv zeta. destruct (half_cell z) as (n & w & -> & -> & H).
  destruct (Rle_dec (8 * IZR n + w - 8 * IZR n) 1); lra.
Qed.

Lemma climb_grows z z' : z <= z' -> z' - z <= climb z' - climb z <= 8 * (z' - z).
Proof.
  intros H. assert (P : forall s a, (s = 1 /\ a = -1) \/ (s = -1 /\ a = 8) -> s * climb z + a * z <= s * climb z' + a * z').
  { intros s a Hs. set (g := fun u => s * (36 * cell u + climb_part (u - 8 * cell u)) + a * u).
    assert (G : forall z, s * climb z + a * z = g (z + 1 / 2) - s * (25 / 8) - a * (1 / 2)).
    { intros y. unfold g, climb. ring. }
    rewrite !G. apply Rplus_le_compat_r, Rplus_le_compat_r.
    apply (cells_grow (36 * s + 8 * a) (fun w => s * climb_part w + a * w)); unfold climb_part;
      [| | |intros; unfold g, climb_part; ring | lra].
    - destruct (Rle_dec 0 1); unfold Rsqr; lra.
    - destruct (Rle_dec 8 1); unfold Rsqr; lra.
    - intros w w' H0 H1 H2. unfold Rsqr. destruct (Rle_dec w 1), (Rle_dec w' 1), Hs as [[-> ->] | [-> ->]]; nra. }
  pose proof (P 1 (-1) ltac:(auto)). pose proof (P (-1) 8 ltac:(auto)). lra.
Qed.

Lemma climb_bounds z : 0 <= z -> z <= climb z <= 8 * z.
Proof.
  intros H. destruct (climb_grows 0 z H). assert (climb 0 = 0); [|lra]. unfold climb, climb_part.
  rewrite (cell_is 0) by lra. destruct (Rle_dec (0 + 1 / 2 - 8 * 0) 1); unfold Rsqr; lra.
Qed.

Lemma valley_grows z z' : z <= z' -> 0 <= valley z' - valley z <= z' - z.
Proof.
  intros H. assert (P : forall s a, (s = 1 /\ a = 0) \/ (s = -1 /\ a = 1) -> s * valley z + a * z <= s * valley z' + a * z').
  { intros s a Hs. set (g := fun u => s * (cell u + Rmin 1 (u - 8 * cell u)) + a * u).
    assert (G : forall z, s * valley z + a * z = g (z + 1 / 2) - s * (1 / 2) - a * (1 / 2)).
    { intros y. unfold g, valley. ring. }
    rewrite !G. apply Rplus_le_compat_r, Rplus_le_compat_r.
    apply (cells_grow (s + 8 * a) (fun w => s * Rmin 1 w + a * w)); [| | |intros; unfold g; ring | lra].
    - rewrite Rmin_right; lra.
    - rewrite Rmin_left; lra.
    - intros w w' H0 H1 H2. apply (Rmin_case_strong 1 w); apply (Rmin_case_strong 1 w'); intros;
        destruct Hs as [[-> ->] | [-> ->]]; lra. }
  pose proof (P 1 0 ltac:(auto)). pose proof (P (-1) 1 ltac:(auto)). lra.
Qed.

Lemma valley_bounds z : z / 8 - 1 / 2 <= valley z <= z / 8 + 1 / 2.
Proof.
  unfold valley. cbv zeta. destruct (half_cell z) as (n & w & -> & E & H). rewrite E.
  apply (Rmin_case_strong 1 (8 * IZR n + w - 8 * IZR n)); lra.
Qed.

(* A hot point is more than 1/10 away from the valleys. *)
Lemma hot_step z z' : hot z -> Rabs (z' - z) <= 1 / 10 -> exists n, cell (z + 1 / 2) = IZR n /\
  cell (z' + 1 / 2) = IZR n /\ 1 <= z + 1 / 2 - 8 * IZR n /\ 1 <= z' + 1 / 2 - 8 * IZR n /\
  8 * IZR n < z < 8 * IZR n + 8 /\ 8 * IZR n < z' < 8 * IZR n + 8.
Proof.
  unfold hot, tooth. intros H D. pose proof (Rle_abs (z' - z)).
  pose proof (Rle_abs (- (z' - z))) as D'. rewrite Rabs_Ropp in D'.
  destruct (cell_spec z) as (n & E & B). rewrite E in H.
  assert (A : 3 / 5 < z - 8 * IZR n /\ z - 8 * IZR n < 37 / 5).
  { revert H. apply (Rmin_case_strong (z - 8 * IZR n) (8 * IZR n + 8 - z)); lra. }
  exists n. rewrite !(cell_is n); repeat split; lra.
Qed.

Lemma hot_climb z z' : hot z -> Rabs (z' - z) <= 1 / 10 ->
  climb z' - climb z = climb_slope z * (z' - z) + (z' - z)² / 2.
Proof.
  intros H D. destruct (hot_step z z' H D) as (n & E & E' & W & W' & _). unfold climb, climb_slope, climb_part. rewrite E, E'.
  set (w := z + 1 / 2 - 8 * IZR n) in *. set (w' := z' + 1 / 2 - 8 * IZR n) in *.
  replace (z' - z) with (w' - w) by (unfold w, w'; ring).
  destruct (Rle_dec w 1), (Rle_dec w' 1); try (assert (w = 1) as -> by lra); try (assert (w' = 1) as -> by lra);
    unfold Rsqr; lra.
Qed.

Lemma hot_valley z z' : hot z -> Rabs (z' - z) <= 1 / 10 -> valley z' = valley z.
Proof.
  intros H D. destruct (hot_step z z' H D) as (n & E & E' & W & W' & _). unfold valley. rewrite E, E', !Rmin_left; auto.
Qed.

Lemma hot_stays_right n z z' : hot z -> Rabs (z' - z) <= 1 / 10 -> 8 * INR n <= z -> 8 * INR n <= z'.
Proof.
  intros H D. destruct (hot_step z z' H D) as (m & _ & _ & _ & _ & B & B'). rewrite INR_IZR_INZ. intros N.
  assert (Z.of_nat n < m + 1)%Z by (apply lt_IZR; rewrite plus_IZR; lra).
  assert (IZR (Z.of_nat n) <= IZR m) by (apply IZR_le; lia). lra.
Qed.

Lemma hot_stays_left n z z' : hot z -> Rabs (z' - z) <= 1 / 10 -> z <= 8 * INR n -> z' <= 8 * INR n.
Proof.
  intros H D. destruct (hot_step z z' H D) as (m & _ & _ & _ & _ & B & B'). rewrite INR_IZR_INZ. intros N.
  assert (m < Z.of_nat n)%Z by (apply lt_IZR; lra).
  assert (IZR m + 1 <= IZR (Z.of_nat n)) by (rewrite <- plus_IZR; apply IZR_le; lia). lra.
Qed.

Lemma join_lipschitz c a g x y : Rabs (g a - g x) <= c * (a - x) -> Rabs (g y - g a) <= c * (y - a) ->
  Rabs (g y - g x) <= c * (y - x).
Proof.
  intros H1 H2. replace (g y - g x) with ((g y - g a) + (g a - g x)) by ring. apply Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.

Lemma increment_le f g f' g' a b : a <= b -> (forall x, a <= x <= b -> derivable_pt_lim f x (f' x)) ->
  (forall x, a <= x <= b -> derivable_pt_lim g x (g' x)) -> (forall x, a <= x <= b -> f' x <= g' x) ->
  f b - f a <= g b - g a.
Proof.
  intros [Hab | ->] Df Dg H; [|lra].
  destruct (MVT_cor2 (fun x => g x - f x) (fun x => g' x - f' x) a b Hab) as (c & E & Hc).
  - intros x Hx. apply derivable_pt_lim_minus; auto.
  - pose proof (H c ltac:(lra)). nra.
Qed.

Lemma linear_derivative_at c a x : derivable_pt_lim (fun x => c * (x - a)) x c.
Proof.
  apply (derivable_pt_lim_is _ _ (c * (1 - 0))); [|ring]. apply (derivable_pt_lim_scal (fun x => x - a)).
  apply (derivable_pt_lim_minus (fun x => x)); [apply derivable_pt_lim_id | apply derivable_pt_lim_const].
Qed.

Lemma square_derivative_at c a x : derivable_pt_lim (fun x => c / 2 * (x - a)²) x (c * (x - a)).
Proof.
  apply (derivable_pt_lim_is _ _ (c / 2 * (2 * (x - a) * 1))); [|field]. apply (derivable_pt_lim_scal (fun x => (x - a)²)).
  apply (derivable_pt_lim_comp (fun x => x - a) Rsqr); [|apply derivable_pt_lim_Rsqr].
  apply (derivable_pt_lim_ext (fun x => 1 * (x - a))); [intros; ring | apply linear_derivative_at].
Qed.

(* A continuous function that is constant on both sides of an interval has a primitive. *)
Lemma primitive_exists f a b : a <= b -> (forall x, continuity_pt f x) -> (forall x, x <= a -> f x = f a) ->
  (forall x, b <= x -> f x = f b) -> exists F, forall x, derivable_pt_lim F x (f x).
Proof.
  intros H C A B. set (P := FTC_P1 H (fun x _ => C x)). exists (primitive H P). intros x.
  destruct (Rlt_dec x a); [|destruct (Rlt_dec b x)].
  - rewrite A by lra. apply derivable_pt_lim_locally_ext with (f := fun x => f a * (x - a)) (a := x - 1) (b := a); [lra | |].
    + intros z Hz. unfold primitive. destruct (Rle_dec a z); [exfalso; lra | reflexivity].
    + apply linear_derivative_at.
  - rewrite B by lra.
    apply derivable_pt_lim_locally_ext with (a := b) (b := x + 1)
      (f := fun x => f b * (x - b) + RiemannInt (P b H (Rle_refl b))); [lra | |].
    + intros z Hz. unfold primitive. destruct (Rle_dec a z); [|exfalso; lra].
      destruct (Rle_dec z b); [exfalso; lra | reflexivity].
    + apply (derivable_pt_lim_is _ _ (f b + 0)); [|ring].
      apply (derivable_pt_lim_plus (fun x => f b * (x - b))); [apply linear_derivative_at | apply derivable_pt_lim_const].
  - apply RiemannInt_P28. lra.
Qed.

(* z, the end of the descent, and F'. *)
Definition level (M x : R) : R := x² / (2 * M).
Definition slope_end (mu L X1 s Lambda1 : R) : R := X1 + (s - mu / X1) / L + Lambda1.
Definition slope_of (M mu L X0 X1 s Lambda1 x : R) : R :=
  if Rle_dec x X0 then - (mu / X0) else
  if Rle_dec x X1 then mu * tooth (level M x) / x else
  - Rmin (Rmin (mu / X1 + L * (x - X1)) s) (Rmax 0 (s - L * (x - slope_end mu L X1 s Lambda1))).

Section Function.
Variables (M mu L X0 X1 s Lambda1 : R) (k0 k1 : nat).
Hypothesis M_pos : 0 < M.
Hypothesis L_pos : 0 < L.
Hypothesis mu_is : mu = L * M / 2.
Hypothesis X0_pos : 0 < X0.
Hypothesis X1_pos : 0 < X1.
Hypothesis X0_is : X0² = 2 * M * (8 * INR k0).
Hypothesis X1_is : X1² = 2 * M * (8 * INR k1).
Hypothesis k_le : (1 <= k0 <= k1)%nat.
Hypothesis s_large : mu / X1 <= s.
Hypothesis Lambda1_nonneg : 0 <= Lambda1.

Let slope := slope_of M mu L X0 X1 s Lambda1.
Let X2 := slope_end mu L X1 s Lambda1.

Local Lemma mu_pos : 0 < mu.
Proof. rewrite mu_is. pose proof (Rmult_lt_0_compat L M). lra. Qed.

Local Lemma k0_ge_1 : 1 <= INR k0.
Proof. apply (le_INR 1). lia. Qed.

Lemma level_X0 : level M X0 = 8 * INR k0.
Proof. unfold level. rewrite X0_is. field. lra. Qed.

Lemma level_X1 : level M X1 = 8 * INR k1.
Proof. unfold level. rewrite X1_is. field. lra. Qed.

Lemma level_le x y : 0 <= x -> x <= y -> level M x <= level M y.
Proof.
  intros H0 H. unfold level. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; lra|]. apply Rsqr_incr_1; lra.
Qed.

Lemma level_le_inv x y : 0 <= y -> level M x <= level M y -> x <= y.
Proof.
  intros H0 H. apply Rsqr_incr_0_var; auto. unfold level in H. apply Rmult_le_reg_r in H; auto. apply Rinv_0_lt_compat. lra.
Qed.

Lemma X0_le_X1 : X0 <= X1.
Proof. apply level_le_inv; [lra|]. rewrite level_X0, level_X1. apply Rmult_le_compat_l; [lra|]. apply le_INR. lia. Qed.

Lemma slope_corridor x : x <= X0 -> slope x = - (mu / X0).
Proof. intros H. unfold slope, slope_of. destruct (Rle_dec x X0); lra. Qed.

Lemma slope_engine x : X0 <= x <= X1 -> slope x = mu * tooth (level M x) / x.
Proof.
  intros H. unfold slope, slope_of. destruct (Rle_dec x X0).
  - assert (x = X0) as -> by lra. rewrite level_X0, tooth_bottom. field. lra.
  - destruct (Rle_dec x X1); [reflexivity | lra].
Qed.

Local Lemma slope_right x : X1 <= x -> slope x = - Rmin (Rmin (mu / X1 + L * (x - X1)) s) (Rmax 0 (s - L * (x - X2))).
Proof.
  pose proof X0_le_X1. pose proof mu_pos. assert (0 < mu / X1) by (apply Rdiv_lt_0_compat; lra).
  intros [G | <-].
  - unfold slope, slope_of. destruct (Rle_dec x X0); [lra|]. destruct (Rle_dec x X1); [lra | reflexivity].
  - rewrite slope_engine, level_X1, tooth_bottom, Rminus_eq_0, Rmult_0_r, Rplus_0_r by lra.
    assert (E : s - L * (X1 - X2) = s + (s - mu / X1) + L * Lambda1) by (unfold X2, slope_end; field; lra).
    assert (0 <= L * Lambda1) by (apply Rmult_le_pos; lra).
    rewrite E, (Rmin_left _ s), Rmax_right, Rmin_left by lra. field. lra.
Qed.

Local Lemma L_step x y : x <= y -> 0 <= L * (y - x).
Proof. intros H. apply Rmult_le_pos; lra. Qed.

Lemma slope_tail x : X1 <= x -> - s <= slope x <= 0.
Proof.
  intros H. rewrite slope_right by auto. pose proof (L_step _ _ H). pose proof mu_pos.
  assert (0 < mu / X1) by (apply Rdiv_lt_0_compat; lra).
  unfold Rmin, Rmax. repeat destruct Rle_dec; lra.
Qed.

Lemma slope_tail_first x : X1 <= x <= X2 -> slope x <= - (mu / X1).
Proof.
  intros H. rewrite slope_right by lra. pose proof (L_step X1 x ltac:(lra)). pose proof (L_step x X2 ltac:(lra)).
  unfold Rmin, Rmax. repeat destruct Rle_dec; lra.
Qed.

Lemma slope_tail_flat x : X1 + s / L <= x <= X2 -> slope x = - s.
Proof.
  intros H. pose proof mu_pos. assert (0 < mu / X1) by (apply Rdiv_lt_0_compat; lra).
  assert (0 < s / L) by (apply Rdiv_lt_0_compat; lra). rewrite slope_right by lra.
  pose proof (L_step (X1 + s / L) x ltac:(lra)) as A. pose proof (L_step x X2 ltac:(lra)).
  replace (L * (x - (X1 + s / L))) with (L * (x - X1) - s) in A by (field; lra).
  rewrite (Rmin_right _ s), Rmax_right, Rmin_left by lra. reflexivity.
Qed.

Local Lemma slope_tail_zero x : X2 + s / L <= x -> X1 <= x -> slope x = 0.
Proof.
  intros H H1. rewrite slope_right by auto. pose proof (L_step _ _ H) as A. pose proof (L_step _ _ H1). pose proof mu_pos.
  assert (0 < mu / X1) by (apply Rdiv_lt_0_compat; lra).
  replace (L * (x - (X2 + s / L))) with (L * (x - X2) - s) in A by (field; lra).
  rewrite Rmax_left, Rmin_right; [lra | | lra]. apply Rmin_glb; lra.
Qed.

Local Lemma engine_lipschitz x y : X0 <= x -> x <= y -> y <= X1 -> Rabs (slope y - slope x) <= L * (y - x).
Proof.
  intros H0 H H1. rewrite !slope_engine by lra. pose proof mu_pos.
  set (a := tooth (level M x)). set (b := tooth (level M y)).
  pose proof (tooth_lipschitz (level M x) (level M y)) as T. fold a b in T.
  pose proof (level_le x y ltac:(lra) H) as V. rewrite (Rabs_pos_eq (level M y - level M x)) in T by lra.
  pose proof (tooth_bounds (level M x)) as B. fold a in B.
  assert (Py : 0 < / y) by (apply Rinv_0_lt_compat; lra). assert (Px : 0 < / x) by (apply Rinv_0_lt_compat; lra).
  replace (mu * b / y - mu * a / x) with (mu * / y * (b - a) + - (mu * a * (y - x) * (/ x * / y))) by (field; lra).
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_Ropp, !Rabs_mult, (Rabs_pos_eq mu), (Rabs_pos_eq (/ y)),
    (Rabs_pos_eq (/ x)), (Rabs_pos_eq (y - x)) by lra.
  assert (A : Rabs a <= 3) by (apply Rabs_le; lra).
  assert (T1 : mu * / y * Rabs (b - a) <= L / 2 * (y - x)).
  { apply Rle_trans with (mu * / y * (level M y - level M x)).
    - apply Rmult_le_compat_l; auto. apply Rmult_le_pos; lra.
    - replace (mu * / y * (level M y - level M x)) with (L / 4 * (y - x) * (1 + x * / y))
        by (unfold level, Rsqr; rewrite mu_is; field; lra).
      assert (x * / y <= 1) by (apply Rmult_le_reg_r with y; [lra|]; rewrite Rmult_assoc, Rinv_l by lra; lra).
      pose proof (L_step _ _ H). nra. }
  assert (T2 : mu * Rabs a * (y - x) * (/ x * / y) <= L / 2 * (y - x)).
  { assert (X : 3 * M <= x * y).
    { apply Rle_trans with (X0²); [rewrite X0_is; pose proof k0_ge_1; nra|]. apply Rmult_le_compat; lra. }
    assert (0 < x * y) by (apply Rmult_lt_0_compat; lra). rewrite <- Rinv_mult.
    apply Rmult_le_reg_r with (x * y); [auto|]. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
    apply Rle_trans with (L / 2 * (y - x) * (3 * M)).
    - rewrite mu_is. replace (L / 2 * (y - x) * (3 * M)) with (L * M / 2 * (y - x) * 3) by field.
      replace (L * M / 2 * Rabs a * (y - x)) with (L * M / 2 * (y - x) * Rabs a) by field.
      apply Rmult_le_compat_l; auto. apply Rmult_le_pos; lra.
    - apply Rmult_le_compat_l; auto. pose proof (L_step _ _ H). lra. }
  lra.
Qed.

Local Lemma tail_lipschitz x y : X1 <= x -> x <= y -> Rabs (slope y - slope x) <= L * (y - x).
Proof.
  intros H1 H. rewrite !slope_right by lra. pose proof (L_step _ _ H) as A.
  replace (L * (y - X1)) with (L * (x - X1) + L * (y - x)) by ring.
  replace (L * (y - X2)) with (L * (x - X2) + L * (y - x)) by ring.
  set (d := L * (y - x)) in *. generalize (L * (x - X1)) (L * (x - X2)). intros p q.
  apply Rabs_le. unfold Rmin, Rmax. repeat destruct Rle_dec; lra.
Qed.

Lemma slope_lipschitz_L x y : Rabs (slope y - slope x) <= L * Rabs (y - x).
Proof.
  pose proof X0_le_X1 as X01. apply ordered_lipschitz. clear x y.
  assert (E : forall x y, X0 <= x -> x <= y -> Rabs (slope y - slope x) <= L * (y - x)).
  { intros x y H0 H. destruct (Rle_dec y X1); [apply engine_lipschitz; auto|].
    destruct (Rle_dec X1 x); [apply tail_lipschitz; auto|].
    apply (join_lipschitz L X1); [apply engine_lipschitz | apply tail_lipschitz]; lra. }
  assert (C : forall x y, x <= y -> y <= X0 -> Rabs (slope y - slope x) <= L * (y - x)).
  { intros x y H H0. rewrite !slope_corridor, Rminus_eq_0, Rabs_R0 by lra. apply L_step. auto. }
  intros x y H. destruct (Rle_dec y X0); [auto|]. destruct (Rle_dec X0 x); [auto|].
  apply (join_lipschitz L X0); [apply C | apply E]; lra.
Qed.

Lemma slope_bound x : 3 * mu <= X0 -> s <= 1 -> Rabs (slope x) <= 1.
Proof.
  intros Hm Hs. pose proof X0_le_X1. pose proof mu_pos. destruct (Rle_dec x X0); [|destruct (Rle_dec x X1)].
  - rewrite slope_corridor, Rabs_Ropp by auto. unfold Rdiv. rewrite Rabs_pos_eq.
    + apply Rmult_le_reg_r with X0; [auto|]. rewrite Rmult_assoc, Rinv_l; lra.
    + left. apply Rdiv_lt_0_compat; auto.
  - rewrite slope_engine by lra. pose proof (tooth_bounds (level M x)). assert (0 < / x) by (apply Rinv_0_lt_compat; lra).
    unfold Rdiv. rewrite Rabs_mult, (Rabs_pos_eq (/ x)) by lra. apply Rmult_le_reg_r with x; [lra|].
    rewrite Rmult_assoc, Rinv_l by lra. rewrite Rabs_mult, (Rabs_pos_eq mu) by lra.
    assert (Rabs (tooth (level M x)) <= 3) by (apply Rabs_le; lra). nra.
  - pose proof (slope_tail x ltac:(lra)). apply Rabs_le. lra.
Qed.

Lemma slope_primitive : exists F, forall x, derivable_pt_lim F x (slope x).
Proof.
  pose proof X0_le_X1. pose proof mu_pos. assert (0 < mu / X1) by (apply Rdiv_lt_0_compat; lra).
  assert (0 <= (s - mu / X1) / L) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]).
  assert (0 < s / L) by (apply Rdiv_lt_0_compat; lra).
  assert (X0 <= X2) by (unfold X2, slope_end; lra). assert (X1 <= X2) by (unfold X2, slope_end; lra).
  apply (primitive_exists slope X0 (X2 + s / L)); [lra | | |].
  - intros x e He. exists (e / L). split; [apply Rdiv_lt_0_compat; auto|]. intros y [_ Hy]. simpl in *. unfold R_dist in *.
    apply Rle_lt_trans with (1 := slope_lipschitz_L x y). apply Rmult_lt_compat_l with (r := L) in Hy; auto.
    replace (L * (e / L)) with e in Hy by (field; lra). exact Hy.
  - intros x Hx. rewrite !slope_corridor by lra. reflexivity.
  - intros x Hx. rewrite !slope_tail_zero by lra. reflexivity.
Qed.

Variable F : R -> R.
Hypothesis F_derivative : forall x, derivable_pt_lim F x (slope x).

Theorem F_smooth : smooth 1 (fun x => F (x O)) (fun x _ => slope (x O)) L.
Proof. apply lipschitz_smooth; [lra | auto | apply slope_lipschitz_L]. Qed.

Local Lemma F_above c x y : x <= y -> (forall t, x <= t <= y -> c <= slope t) -> c * (y - x) <= F y - F x.
Proof.
  intros H Hc. replace (c * (y - x)) with (c * (y - x) - c * (x - x)) by ring.
  apply (increment_le (fun t => c * (t - x)) F (fun _ => c) slope); auto. intros; apply linear_derivative_at.
Qed.

Lemma F_corridor Lambda0 : 0 <= Lambda0 -> F (X0 - Lambda0) = F X0 + mu / X0 * Lambda0.
Proof.
  intros H. assert (A : - (mu / X0) * (X0 - (X0 - Lambda0)) <= F X0 - F (X0 - Lambda0)).
  { apply F_above; [lra|]. intros t Ht. rewrite slope_corridor; lra. }
  assert (B : F X0 - F (X0 - Lambda0) <= - (mu / X0) * (X0 - X0) - - (mu / X0) * (X0 - Lambda0 - X0)).
  { apply (increment_le F (fun t => - (mu / X0) * (t - X0)) slope (fun _ => - (mu / X0))); auto; [lra | |].
    - intros; apply linear_derivative_at.
    - intros t Ht. rewrite slope_corridor; lra. }
  lra.
Qed.

Lemma F_tail x : X1 <= x -> F X1 - s * (Lambda1 + 2 * s / L) <= F x.
Proof.
  intros H. pose proof mu_pos. assert (0 < mu / X1) by (apply Rdiv_lt_0_compat; lra).
  assert (0 < s / L) by (apply Rdiv_lt_0_compat; lra).
  assert (E : X2 + s / L - X1 <= Lambda1 + 2 * s / L).
  { unfold X2, slope_end. replace ((s - mu / X1) / L) with (s / L - mu / X1 / L) by (field; lra).
    assert (0 < mu / X1 / L) by (apply Rdiv_lt_0_compat; lra). lra. }
  assert (A : forall y, X1 <= y -> y <= X2 + s / L -> F X1 - s * (Lambda1 + 2 * s / L) <= F y).
  { intros y Ha Hb. pose proof (F_above (- s) X1 y Ha) as A. assert (s * (y - X1) <= s * (Lambda1 + 2 * s / L)).
    - apply Rmult_le_compat_l; lra.
    - enough (- s * (y - X1) <= F y - F X1) by lra. apply A. intros t Ht. apply slope_tail. lra. }
  assert (X1 <= X2 + s / L).
  { assert (0 <= (s - mu / X1) / L) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]).
    unfold X2, slope_end. lra. }
  destruct (Rle_dec x (X2 + s / L)); [auto|]. pose proof (A (X2 + s / L) ltac:(lra) ltac:(lra)).
  pose proof (F_above 0 (X2 + s / L) x ltac:(lra)) as Z. rewrite Rmult_0_l in Z. enough (0 <= F x - F (X2 + s / L)) by lra.
  apply Z. intros t Ht. rewrite slope_tail_zero; lra.
Qed.

(* With q' = tooth - 1 and q >= 0, the derivative of ln z + q(z)/z is tooth/z - q/z^2 <= tooth/z. *)
Local Lemma part_rises a b q x y : (forall z, a <= z <= b -> derivable_pt_lim q z (tooth z - 1)) ->
  (forall z, a <= z <= b -> 0 <= q z) -> X0 <= x -> x <= y -> y <= X1 -> a <= level M x -> level M y <= b ->
  mu / 2 * (ln (level M y) + q (level M y) / level M y - (ln (level M x) + q (level M x) / level M x)) <= F y - F x.
Proof.
  intros Dq Pq H0 H H1 Ha Hb. pose proof mu_pos.
  set (r := fun z => ln z + q z / z). change (mu / 2 * (r (level M y) - r (level M x)) <= F y - F x).
  rewrite Rmult_minus_distr_l.
  assert (V : forall t, x <= t <= y -> 0 < level M t /\ a <= level M t <= b).
  { intros t Ht. pose proof (level_le X0 t ltac:(lra) ltac:(lra)) as A. rewrite level_X0 in A. pose proof k0_ge_1.
    pose proof (level_le x t ltac:(lra) ltac:(lra)). pose proof (level_le t y ltac:(lra) ltac:(lra)). lra. }
  apply (increment_le (fun t => mu / 2 * r (level M t)) F (fun t => let z := level M t in
    mu / 2 * ((/ z + ((tooth z - 1) * z - 1 * q z) / z²) * (/ M * (t - 0)))) slope); auto.
  - intros t Ht. cbv zeta. destruct (V t Ht) as [Pz Iz]. apply (derivable_pt_lim_scal (fun t => r (level M t))).
    apply (derivable_pt_lim_comp (level M) r).
    + apply (derivable_pt_lim_ext (fun x => / M / 2 * (x - 0)²)); [|apply square_derivative_at].
      intros u. unfold level. rewrite Rminus_0_r. field. lra.
    + apply (derivable_pt_lim_plus ln (fun z => q z / z)); [apply derivable_pt_lim_ln; auto|].
      apply (derivable_pt_lim_div q (fun z => z)); [apply Dq; auto | apply derivable_pt_lim_id | lra].
  - intros t Ht. cbv zeta. destruct (V t Ht) as [Pz Iz]. rewrite slope_engine by lra. pose proof (Pq _ Iz) as Q.
    set (w := tooth (level M t)). set (c := q (level M t)) in *.
    assert (0 <= mu / 2 * (t / M) * (c / (level M t)²)).
    { apply Rmult_le_pos.
      - apply Rmult_le_pos; [lra|]. left. apply Rdiv_lt_0_compat; lra.
      - apply Rmult_le_pos; [auto|]. left. apply Rinv_0_lt_compat, Rsqr_pos_lt. lra. }
    replace (mu * w / t) with (mu / 2 * ((/ level M t + ((w - 1) * level M t - 1 * c) / (level M t)²) * (/ M * (t - 0)))
      + mu / 2 * (t / M) * (c / (level M t)²)); [lra|]. unfold level, Rsqr. field. lra.
Qed.

(* Where z = y. *)
Local Definition node (y : R) : R := sqrt (2 * M * y).

Local Lemma node_level y : 0 <= y -> level M (node y) = y.
Proof. intros H. unfold level, node. rewrite Rsqr_sqrt by (apply Rmult_le_pos; lra). field. lra. Qed.

Local Lemma node_X x n : 0 < x -> x² = 2 * M * (8 * INR n) -> node (8 * INR n) = x.
Proof. intros H E. unfold node. rewrite <- E. apply sqrt_Rsqr. lra. Qed.

Local Lemma node_le y x : 0 <= y -> 0 <= x -> y <= level M x -> node y <= x.
Proof. intros H Hx A. apply level_le_inv; auto. rewrite node_level; auto. Qed.

Local Lemma le_node y x : 0 <= y -> level M x <= y -> x <= node y.
Proof. intros H A. apply level_le_inv; [apply sqrt_pos|]. rewrite node_level; auto. Qed.

Local Lemma cell_rises n x : (k0 <= n)%nat -> x <= X1 -> 8 * INR n <= level M x -> level M x <= 8 * INR n + 8 -> 0 <= x ->
  exists q, 0 <= q /\ (level M x = 8 * INR n + 8 -> q = 2) /\
  mu / 2 * (ln (level M x) + q / level M x - (ln (8 * INR n) + 2 / (8 * INR n))) <= F x - F (node (8 * INR n)).
Proof.
  intros Hn H1 Ha Hb Hx. pose proof k0_ge_1. assert (N : INR k0 <= INR n) by (apply le_INR; auto).
  set (ql := fun z => 1 / 2 * (z - (8 * INR n + 2))²). set (qr := fun z => 4 + -1 / 2 * (z - (8 * INR n + 6))²).
  assert (X0n : X0 <= node (8 * INR n)) by (apply le_node; rewrite ?level_X0; lra).
  assert (Left : forall y, node (8 * INR n) <= y -> y <= X1 -> level M y <= 8 * INR n + 4 ->
    mu / 2 * (ln (level M y) + ql (level M y) / level M y - (ln (8 * INR n) + 2 / (8 * INR n))) <= F y - F (node (8 * INR n))).
  { intros y A B C. pose proof (part_rises (8 * INR n) (8 * INR n + 4) ql (node (8 * INR n)) y) as P.
    rewrite node_level in P by lra. replace 2 with (ql (8 * INR n)) at 2 by (unfold ql, Rsqr; field).
    apply P; auto; [| |lra].
    - intros z Hz. apply (derivable_pt_lim_is _ _ (1 * (z - (8 * INR n + 2)))); [apply square_derivative_at|].
      rewrite (tooth_left n z); lra.
    - intros z Hz. unfold ql. pose proof (Rle_0_sqr (z - (8 * INR n + 2))). lra. }
  destruct (Rle_dec (level M x) (8 * INR n + 4)) as [Hm | Hm].
  - exists (ql (level M x)). repeat split; [| lra |].
    + unfold ql. pose proof (Rle_0_sqr (level M x - (8 * INR n + 2))). lra.
    + apply Left; auto. apply node_le; lra.
  - set (m := node (8 * INR n + 4)). assert (Em : level M m = 8 * INR n + 4) by (apply node_level; lra).
    assert (Mx : m <= x) by (apply node_le; lra).
    assert (Nm : node (8 * INR n) <= m) by (apply node_le; [lra | apply sqrt_pos | lra]).
    assert (Qr : forall z, 8 * INR n + 4 <= z <= 8 * INR n + 8 -> 0 <= qr z) by (intros z Hz; unfold qr, Rsqr; nra).
    pose proof (Left m Nm ltac:(lra) ltac:(lra)) as P1.
    pose proof (part_rises (8 * INR n + 4) (8 * INR n + 8) qr m x) as P2.
    assert (El : ql (level M m) = 2) by (rewrite Em; unfold ql, Rsqr; field).
    assert (Er : qr (level M m) = 2) by (rewrite Em; unfold qr, Rsqr; field).
    rewrite El in P1. rewrite Er in P2. exists (qr (level M x)). repeat split; [apply Qr; lra | |].
    + intros ->. unfold qr, Rsqr. field.
    + enough (mu / 2 * (ln (level M x) + qr (level M x) / level M x - (ln (level M m) + 2 / level M m)) <= F x - F m) by lra.
      apply P2; auto; try lra. intros z Hz.
      apply (derivable_pt_lim_is _ _ (0 + -1 * (z - (8 * INR n + 6)))).
      * apply (derivable_pt_lim_plus (fun _ => 4)); [apply derivable_pt_lim_const | apply square_derivative_at].
      * rewrite (tooth_right n z); lra.
Qed.

Local Lemma nodes_rise j : (k0 + j <= k1)%nat -> let y := 8 * INR (k0 + j) in
  mu / 2 * (ln y + 2 / y - (ln (8 * INR k0) + 2 / (8 * INR k0))) <= F (node y) - F X0.
Proof.
  pose proof k0_ge_1. induction j as [|j IH]; intros H'; cbv zeta in *.
  - rewrite Nat.add_0_r, (node_X X0) by auto. lra.
  - specialize (IH ltac:(lia)). rewrite Nat.add_succ_r in *. set (n := (k0 + j)%nat) in *.
    assert (N : INR k0 <= INR n) by (apply le_INR; lia). assert (N1 : INR (S n) <= INR k1) by (apply le_INR; lia).
    destruct (cell_rises n (node (8 * INR (S n)))) as (q & _ & Hq & P); rewrite ?node_level in *; rewrite ?S_INR in *;
      try lra; [lia | | apply sqrt_pos |].
    + apply node_le; rewrite ?level_X1; lra.
    + rewrite Hq in P by lra. lra.
Qed.

Local Lemma engine_rises x : X0 <= x <= X1 -> mu / 2 * (ln (level M x / (8 * INR k0)) - / (4 * INR k0)) <= F x - F X0.
Proof.
  intros H. pose proof k0_ge_1. pose proof mu_pos. destruct (cell_spec (level M x)) as (n & _ & Hn).
  pose proof (level_le X0 x ltac:(lra) ltac:(lra)) as A. pose proof (level_le x X1 ltac:(lra) ltac:(lra)) as B.
  rewrite level_X0 in A. rewrite level_X1 in B. rewrite (INR_IZR_INZ k0) in A. rewrite (INR_IZR_INZ k1) in B.
  assert (Z.of_nat k0 < n + 1)%Z by (apply lt_IZR; rewrite plus_IZR; lra).
  assert (n < Z.of_nat k1 + 1)%Z by (apply lt_IZR; rewrite plus_IZR; lra).
  rewrite <- INR_IZR_INZ in A, B.
  assert (En : n = Z.of_nat (k0 + (Z.to_nat n - k0))) by lia. set (j := (Z.to_nat n - k0)%nat) in *.
  rewrite En, <- INR_IZR_INZ in Hn.
  destruct (cell_rises (k0 + j) x) as (q & Pq & _ & P); try lra; [lia|]. pose proof (nodes_rise j ltac:(lia)) as Q.
  cbv zeta in Q. rewrite ln_quot by lra.
  assert (0 <= q / level M x) by (apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat; lra]).
  replace (2 / (8 * INR k0)) with (/ (4 * INR k0)) in Q by (field; lra).
  assert (0 <= mu / 2 * (q / level M x)) by (apply Rmult_le_pos; lra). lra.
Qed.

Theorem F_height : mu / 2 * (ln (INR k1 / INR k0) - / (4 * INR k0)) <= F X1 - F X0.
Proof.
  pose proof k0_ge_1. pose proof X0_le_X1. pose proof (engine_rises X1 ltac:(lra)) as P. rewrite level_X1 in P.
  replace (8 * INR k1 / (8 * INR k0)) with (INR k1 / INR k0) in P by (field; lra). exact P.
Qed.

Lemma F_floor x : s * (Lambda1 + 2 * s / L) <= mu / 2 * (ln (INR k1 / INR k0) - / (4 * INR k0)) ->
  F X0 - mu / (8 * INR k0) <= F x.
Proof.
  intros H. pose proof k0_ge_1. pose proof mu_pos. pose proof X0_le_X1. pose proof F_height.
  assert (0 < mu / (8 * INR k0)) by (apply Rdiv_lt_0_compat; lra).
  destruct (Rle_dec x X0); [|destruct (Rle_dec x X1)].
  - pose proof (F_corridor (X0 - x) ltac:(lra)) as E. replace (X0 - (X0 - x)) with x in E by ring.
    assert (0 <= mu / X0 * (X0 - x)); [|lra]. apply Rmult_le_pos; [left; apply Rdiv_lt_0_compat|]; lra.
  - pose proof (engine_rises x ltac:(lra)) as P. assert (0 <= ln (level M x / (8 * INR k0))).
    { apply ln_nonneg. pose proof (level_le X0 x ltac:(lra) ltac:(lra)) as A. rewrite level_X0 in A.
      apply Rmult_le_reg_r with (8 * INR k0); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. }
    replace (mu / (8 * INR k0)) with (mu / 2 * / (4 * INR k0)) by (field; lra).
    assert (0 <= mu / 2 * ln (level M x / (8 * INR k0))) by (apply Rmult_le_pos; lra). lra.
  - pose proof (F_tail x ltac:(lra)). lra.
Qed.
End Function.
