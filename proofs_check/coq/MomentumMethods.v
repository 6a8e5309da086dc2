(* AMSGrad, AVGrad and the interpolation between Adam and AVGrad, with momentum:
       m_t = beta1 m_{t-1} + (1-beta1) g_t,   v_t = beta2 v_{t-1} + (1-beta2) g_t^2,   vmax_t = max(vmax_{t-1}, v_t),
       t vbar_t = v_1 + .. + v_t,   x_t = x_{t-1} - alpha m_t/sqrt(b_t),   b_t = t (eps + vhat_t),   b_0 = eps,
   with vhat = vmax, vbar, or rho v + (1-rho) vbar. One program keeps all the moments; a method is its vhat.
   Here: (1-beta2) g_t^2 <= b_t and t eps <= b_t <= t (eps + G^2); b_t does not fall (the interpolation: in L6's range). *)
From Coq Require Import Reals Lra Lia List.
From Mada Require Import Sums Expectation Smoothness Setting Logarithm DecreasingWeights AVGradWeights Paths.
From Mada Require Import DecoupledRate InterpolationMonotone MomentumShift.
Import ListNotations.
Local Open Scope R_scope.

Record moments := { position : vec; first : vec; second : vec; largest : vec; summed : vec }.

(* vhat as a function of t, v_t, vmax_t and t vbar_t. *)
Definition amsgrad (t v vmax tvbar : R) : R := vmax.
Definition avgrad (t v vmax tvbar : R) : R := tvbar / t.
Definition interpolation (rho t v vmax tvbar : R) : R := rho * v + (1 - rho) * (tvbar / t).

Definition denominator (vhat : R -> R -> R -> R -> R) (eps t v vmax tvbar : R) : R := t * (eps + vhat t v vmax tvbar).

Definition advance (vhat : R -> R -> R -> R -> R) (g : nat -> vec -> vec) (alpha beta1 beta2 eps t : R) (k : nat)
    (s : moments) : moments :=
  let y := g k (position s) in
  let m := fun i => beta1 * first s i + (1 - beta1) * y i in
  let v := fun i => beta2 * second s i + (1 - beta2) * (y i)² in
  let vmax := fun i => Rmax (largest s i) (v i) in
  let tvbar := fun i => summed s i + v i in
  {| position := fun i => position s i - alpha / sqrt (denominator vhat eps t (v i) (vmax i) (tvbar i)) * m i;
     first := m; second := v; largest := vmax; summed := tvbar |}.

Fixpoint run (vhat : R -> R -> R -> R -> R) (g : nat -> vec -> vec) (alpha beta1 beta2 eps : R) (x0 : vec)
    (h : hist) : moments :=
  match h with
  | [] => {| position := x0; first := fun _ => 0; second := fun _ => 0; largest := fun _ => 0; summed := fun _ => 0 |}
  | k :: h => advance vhat g alpha beta1 beta2 eps (INR (S (length h))) k (run vhat g alpha beta1 beta2 eps x0 h)
  end.

Definition point vhat g alpha beta1 beta2 eps x0 (h : hist) : vec := position (run vhat g alpha beta1 beta2 eps x0 h).
Definition first_moment vhat g alpha beta1 beta2 eps x0 (h : hist) : vec := first (run vhat g alpha beta1 beta2 eps x0
    h).
Definition b vhat g alpha beta1 beta2 eps x0 (h : hist) : vec := fun i =>
  let s := run vhat g alpha beta1 beta2 eps x0 h in
  match h with
  | [] => eps
  | _ => denominator vhat eps (INR (length h)) (second s i) (largest s i) (summed s i)
  end.
(* The squares of one coordinate along a path. *)
Definition squares vhat g alpha beta1 beta2 eps x0 (h : hist) (i : nat) : nat -> R :=
  along (square g (point vhat g alpha beta1 beta2 eps x0) i) h.

Section Program.
Variables (vhat : R -> R -> R -> R -> R) (g : nat -> vec -> vec) (alpha beta1 beta2 eps : R) (x0 : vec).
Local Notation states := (run vhat g alpha beta1 beta2 eps x0).
Local Notation X := (point vhat g alpha beta1 beta2 eps x0).
Local Notation m := (first_moment vhat g alpha beta1 beta2 eps x0).
Local Notation bt := (b vhat g alpha beta1 beta2 eps x0).
Local Notation sq := (squares vhat g alpha beta1 beta2 eps x0).

Lemma b_step k h i : bt (k :: h) i = INR (S (length h)) * (eps + vhat (INR (S (length h)))
  (second (states (k :: h)) i) (largest (states (k :: h)) i) (summed (states (k :: h)) i)).
Proof. reflexivity. Qed.

Lemma second_step k h i : second (states (k :: h)) i = beta2 * second (states h) i + (1 - beta2) * (g k (X h) i)².
Proof. reflexivity. Qed.

Lemma summed_step k h i : summed (states (k :: h)) i = summed (states h) i + second (states (k :: h)) i.
Proof. reflexivity. Qed.

(* The moments as functionals of the squares. *)
Lemma second_path h i : second (states h) i = v beta2 (sq h i) (length h).
Proof. apply (v_along beta2 (square g X i) (fun h => second (states h) i)); reflexivity. Qed.

Lemma summed_path h i : summed (states h) i = tvbar beta2 (sq h i) (length h).
Proof.
  apply (tvbar_along beta2 (square g X i) (fun h => second (states h) i) (fun h => summed (states h) i)); reflexivity.
Qed.

Hypothesis beta2_01 : 0 <= beta2 < 1.

Lemma moments_nonneg h i : 0 <= second (states h) i <= largest (states h) i /\ second (states h) i
    <= summed (states h) i.
Proof.
  induction h as [|k h [[IH1 IH2] IH3]]; simpl; [lra|].
  pose proof (Rle_0_sqr (g k (position (states h)) i)) as Hg.
  assert (0 <= beta2 * second (states h) i) by (apply Rmult_le_pos; lra).
  assert (0 <= (1 - beta2) * (g k (position (states h)) i)²) by (apply Rmult_le_pos; lra).
  split; [split; [lra | apply Rmax_r] | lra].
Qed.

(* v_t >= (1-beta2) g_t^2 *)
Lemma second_floor k h i : (1 - beta2) * (g k (X h) i)² <= second (states (k :: h)) i.
Proof.
  rewrite second_step. destruct (moments_nonneg h i) as [[H _] _].
  assert (0 <= beta2 * second (states h) i) by (apply Rmult_le_pos; lra). lra.
Qed.

Variables (n d : nat) (G : R).
Hypothesis g_small : forall k y i, (k < n)%nat -> (i < d)%nat -> (g k y i)² <= G².

Lemma squares_between h i : valid n h -> (i < d)%nat -> forall t, 0 <= sq h i t <= G².
Proof.
  intros Hv Hi. apply along_between with (n := n); auto; [pose proof (Rle_0_sqr G); lra|].
  intros k h' Hk _. split; [apply Rle_0_sqr | apply g_small; auto].
Qed.

Lemma moments_up h i : valid n h -> (i < d)%nat ->
  second (states h) i <= G² /\ largest (states h) i <= G² /\ summed (states h) i <= INR (length h) * G².
Proof.
  intros Hv Hi. induction Hv as [|k h Hk Hv (IH1 & IH2 & IH3)].
  - pose proof (Rle_0_sqr G). simpl. lra.
  - assert (H : second (states (k :: h)) i <= G²).
    { rewrite second_step. pose proof (g_small k (X h) i Hk Hi) as Hg.
      apply Rmult_le_compat_l with (r := beta2) in IH1; [|lra].
      apply Rmult_le_compat_l with (r := 1 - beta2) in Hg; lra. }
    split; [exact H|]. split; [apply Rmax_lub; auto|].
    rewrite summed_step. change (length (k :: h)) with (S (length h)). rewrite S_INR. lra.
Qed.

(* What every vhat here has: v <= t vhat and 0 <= vhat <= G^2. *)
Definition sound : Prop := forall M t v vmax tvbar, 1 <= t -> 0 <= v <= vmax -> vmax <= M -> v <= tvbar <= t * M ->
  v <= t * vhat t v vmax tvbar /\ 0 <= vhat t v vmax tvbar <= M.
Hypothesis vhat_sound : sound.
Hypothesis eps_pos : 0 < eps.

Lemma vhat_between k h i : valid n (k :: h) -> (i < d)%nat ->
  (1 - beta2) * (g k (X h) i)² <= bt (k :: h) i
  /\ INR (S (length h)) * eps <= bt (k :: h) i <= INR (S (length h)) * (eps + G²).
Proof.
  intros Hv Hi. destruct (moments_up (k :: h) i Hv Hi) as (U1 & U2 & U3).
  destruct (moments_nonneg (k :: h) i) as [N1 N2]. pose proof (second_floor k h i) as Hf.
  rewrite b_step. change (length (k :: h)) with (S (length h)) in U3.
  assert (Ht : 1 <= INR (S (length h))) by (rewrite S_INR; pose proof (pos_INR (length h)); lra).
  destruct (vhat_sound (G²) _ _ _ _ Ht N1 U2 (conj N2 U3)) as [V1 V2].
  set (t := INR (S (length h))) in *. set (vh := vhat _ _ _ _) in *.
  rewrite !Rmult_plus_distr_l. assert (0 <= t * eps) by (apply Rmult_le_pos; lra).
  assert (0 <= t * vh) by (apply Rmult_le_pos; lra).
  assert (t * vh <= t * G²) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma b_floor k h i : valid n (k :: h) -> (i < d)%nat -> (1 - beta2) * (g k (X h) i)² <= bt (k :: h) i.
Proof. intros Hv Hi. apply (vhat_between k h i Hv Hi). Qed.

Lemma b_low k h i : valid n (k :: h) -> (i < d)%nat -> INR (S (length h)) * eps <= bt (k :: h) i.
Proof. intros Hv Hi. apply (vhat_between k h i Hv Hi). Qed.

Lemma b_up h i : valid n h -> (i < d)%nat -> bt h i <= INR (Nat.max 1 (length h)) * (radius eps G)².
Proof.
  intros Hv Hi. unfold Rsqr at 1. rewrite radius_sq by auto. destruct h as [|k h].
  - pose proof (Rle_0_sqr G). simpl. lra.
  - replace (Nat.max 1 (length (k :: h))) with (S (length h)) by (simpl; lia). apply (vhat_between k h i Hv Hi).
Qed.

(* A method with momentum, once b_t is known not to fall. *)
Lemma method_is_adaptive T : 0 < alpha -> 0 <= beta1 < 1 ->
  (forall k h i, within n T (k :: h) -> (i < d)%nat -> bt h i <= bt (k :: h) i) ->
  adaptive_method n T d g alpha beta1 X m bt.
Proof. intros Ha Hb HG. constructor; auto. Qed.
End Program.

Lemma amsgrad_sound : sound amsgrad.
Proof.
  intros M t v vmax tvbar Ht Hv HM _. unfold amsgrad.
  assert (1 * vmax <= t * vmax) by (apply Rmult_le_compat_r; lra). lra.
Qed.

Lemma avgrad_sound : sound avgrad.
Proof.
  intros M t v vmax tvbar Ht Hv HM Hs. unfold avgrad.
  assert (E : t * (tvbar / t) = tvbar) by (field; lra). split; [lra|].
  split; apply Rmult_le_reg_l with t; lra.
Qed.

Lemma interpolation_sound rho : 0 <= rho <= 1 -> sound (interpolation rho).
Proof.
  intros Hr M t v vmax tvbar Ht Hv HM Hs. unfold interpolation.
  destruct (avgrad_sound M t v vmax tvbar Ht Hv HM Hs) as [A1 A2]. unfold avgrad in *.
  set (a := tvbar / t) in *. apply Rmult_le_compat_l with (r := 1 - rho) in A1; [|lra].
  assert (V : 1 * v <= t * v) by (apply Rmult_le_compat_r; lra).
  apply Rmult_le_compat_l with (r := rho) in V; [|lra]. split; [lra|].
  assert (0 <= rho * v) by (apply Rmult_le_pos; lra). assert (0 <= (1 - rho) * a) by (apply Rmult_le_pos; lra).
  assert (rho * v <= rho * M) by (apply Rmult_le_compat_l; lra).
  assert ((1 - rho) * a <= (1 - rho) * M) by (apply Rmult_le_compat_l; lra). lra.
Qed.

(* b_t does not fall. *)
Section Grows.
Variables (g : nat -> vec -> vec) (alpha beta1 beta2 eps : R) (x0 : vec).
Hypothesis eps_pos : 0 < eps.
Hypothesis beta2_01 : 0 <= beta2 < 1.

Lemma amsgrad_grows k h i : b amsgrad g alpha beta1 beta2 eps x0 h i <= b amsgrad g alpha beta1 beta2 eps x0 (k :: h) i.
Proof.
  rewrite b_step, S_INR. unfold amsgrad at 2.
  assert (H : largest (run amsgrad g alpha beta1 beta2 eps x0 h) i
              <= largest (run amsgrad g alpha beta1 beta2 eps x0 (k :: h)) i) by apply Rmax_l.
  destruct (moments_nonneg amsgrad g alpha beta1 beta2 eps x0 beta2_01 h i) as [H0 _].
  pose proof (pos_INR (length h)) as Hl.
  set (a := largest (run _ _ _ _ _ _ _ (k :: h)) i) in *.
  destruct h as [|k' h]; [simpl in *; lra|].
  unfold b, denominator, amsgrad at 1. set (c := largest (run _ _ _ _ _ _ _ (k' :: h)) i) in *.
  assert (P : eps + c <= eps + a) by lra. apply Rmult_le_compat_l with (r := INR (length (k' :: h))) in P; [lra | auto].
Qed.

Lemma avgrad_b_step k h i : b avgrad g alpha beta1 beta2 eps x0 (k :: h) i
  = INR (S (length h)) * eps + summed (run avgrad g alpha beta1 beta2 eps x0 (k :: h)) i.
Proof. rewrite b_step. unfold avgrad at 1. pose proof (INR_S_pos (length h)). field; lra. Qed.

Lemma avgrad_grows k h i : b avgrad g alpha beta1 beta2 eps x0 h i <= b avgrad g alpha beta1 beta2 eps x0 (k :: h) i.
Proof.
  rewrite avgrad_b_step, summed_step, S_INR.
  destruct (moments_nonneg avgrad g alpha beta1 beta2 eps x0 beta2_01 (k :: h) i) as [[H _] _].
  destruct h as [|k' h]; [simpl in *; lra|].
  rewrite avgrad_b_step. change (length (k' :: h)) with (S (length h)). lra.
Qed.

Variables (rho G : R) (n T d : nat).
Hypothesis rho_01 : 0 <= rho <= 1.
Hypothesis g_small : forall k y i, (k < n)%nat -> (i < d)%nat -> (g k y i)² <= G².
(* L6: the range at the last step, which implies it at all earlier ones. *)
Hypothesis range : 0 <= eps + G² * (1 - beta2 ^ (T - 1)) * (beta2 - rho * INR (T - 1) * (1 - beta2)).

Lemma earlier_range t : (t <= T - 1)%nat -> 0 <= eps + G² * (1 - beta2 ^ t) * (beta2 - rho * INR t * (1 - beta2)).
Proof.
  intros Ht. pose proof (pow_decreasing beta2 t (T - 1) ltac:(lra) Ht) as Hp.
  pose proof (pow_01 beta2 t ltac:(lra)) as H0. pose proof (Rle_0_sqr G) as HG.
  set (f := fun t => beta2 - rho * INR t * (1 - beta2)) in *. fold (f t). fold (f (T - 1)%nat) in range.
  assert (Hf : f (T - 1)%nat <= f t).
  { unfold f. apply le_INR in Ht. apply Rmult_le_compat_l with (r := rho) in Ht; [|lra].
    apply Rmult_le_compat_r with (r := 1 - beta2) in Ht; lra. }
  destruct (Rle_dec 0 (f t)) as [P | N].
  - assert (0 <= G² * (1 - beta2 ^ t) * f t) by nonneg. lra.
  - assert (K1 : (1 - beta2 ^ (T - 1)) * f (T - 1)%nat <= (1 - beta2 ^ (T - 1)) * f t)
      by (apply Rmult_le_compat_l; lra).
    assert (K2 : f t * (1 - beta2 ^ (T - 1)) <= f t * (1 - beta2 ^ t)) by (apply Rmult_le_compat_neg_l; lra).
    assert (K3 : G² * ((1 - beta2 ^ (T - 1)) * f (T - 1)%nat) <= G² * ((1 - beta2 ^ t) * f t))
      by (apply Rmult_le_compat_l; lra).
    lra.
Qed.

Let prog := run (interpolation rho) g alpha beta1 beta2 eps x0.
Let sq := squares (interpolation rho) g alpha beta1 beta2 eps x0.

Lemma interpolation_b_step k h i : b (interpolation rho) g alpha beta1 beta2 eps x0 (k :: h) i
  = InterpolationMonotone.b eps beta2 rho (sq (k :: h) i) (S (length h)).
Proof.
  rewrite b_step. unfold interpolation at 1, InterpolationMonotone.b.
  rewrite second_path, summed_path. fold sq. change (length (k :: h)) with (S (length h)).
  pose proof (INR_S_pos (length h)). field; lra.
Qed.

Lemma interpolation_grows k h i : within n T (k :: h) -> (i < d)%nat ->
  b (interpolation rho) g alpha beta1 beta2 eps x0 h i <= b (interpolation rho) g alpha beta1 beta2 eps x0 (k :: h) i.
Proof.
  intros [Hv Hl] Hi. rewrite interpolation_b_step.
  pose proof (interpolation_growth eps beta2 rho (sq (k :: h) i) (length h)) as E.
  pose proof (squares_between (interpolation rho) g alpha beta1 beta2 eps x0 n d G g_small (k :: h) i Hv Hi) as Hs.
  fold sq in Hs.
  destruct h as [|k' h].
  - change (b (interpolation rho) g alpha beta1 beta2 eps x0 [] i) with eps. simpl length in *.
    pose proof (v_nonneg beta2 (sq [k] i) 1 ltac:(lra) ltac:(apply Hs)) as V1.
    assert (Z : InterpolationMonotone.b eps beta2 rho (sq [k] i) 0 = 0)
        by (unfold InterpolationMonotone.b, tvbar; simpl; ring).
    unfold growth in E. change (INR 0) with 0 in E. lra.
  - assert (R1 : eps + G² * (1 - beta2 ^ length (k' :: h)) * (beta2 - rho * INR (length (k' :: h)) * (1 - beta2)) >= 0)
      by (apply Rle_ge, earlier_range; simpl in *; lia).
    pose proof (interpolation_monotone_bounded eps beta2 rho (sq (k :: k' :: h) i) G (length (k' :: h))
      ltac:(lra) rho_01 beta2_01 Hs R1) as H.
    rewrite interpolation_b_step.
    replace (InterpolationMonotone.b eps beta2 rho (sq (k' :: h) i) (S (length h)))
      with (InterpolationMonotone.b eps beta2 rho (sq (k :: k' :: h) i) (length (k' :: h))); [lra|].
    unfold InterpolationMonotone.b. change (length (k' :: h)) with (S (length h)).
    assert (X : forall t, (t < S (length h))%nat -> sq (k :: k' :: h) i t = sq (k' :: h) i t)
      by (intros t Ht; apply along_before; simpl; lia).
    rewrite (v_ext beta2 _ _ _ X), (tvbar_ext beta2 _ _ _ X). reflexivity.
Qed.
End Grows.
