(* T9m: regret on a box, on every path, with momentum: m_t = beta_t m_{t-1} + (1-beta_t) g_t and
   x_t = clip(x_{t-1} - eta_t m_t) coordinate by coordinate, with decays beta_t <= beta1 < 1 and step sizes eta_t that do
   not increase. For every u of the box, D_i its width and g_t a subgradient of the convex loss f_t at x_{t-1},
       sum_t (f_t(x_{t-1}) - f_t(u)) <= sum_i [ D_i^2/(2 (1-beta1) eta_{T,i})
                                                + (1+beta1)/(2 (1-beta1)) sum_t eta_{t,i} m_{t,i}^2 ].
   With beta_t = beta1, eta_t = alpha/sqrt(t (eps + vhat_t)), w = 1 - beta2, C = max((1-beta1)^2, 1 - beta1^2/beta2),
     AVGrad   sum_i [ (D_i^2/(2 alpha (1-beta1))) sqrt(T (eps + vbar_{T,i}))
                      + ((1+beta1) alpha/((1-beta1) sqrt w)) sqrt(sum_t g_{t,i}^2) ],
     AMSGrad  sum_i [ (D_i^2/(2 alpha (1-beta1))) sqrt(T (eps + vmax_{T,i}))
                      + ((1+beta1) alpha sqrt(1 + ln T)/(2 sqrt(w C))) sqrt(sum_t g_{t,i}^2) ].
   In Coq the sequences start at 0: g t, b t and eta t belong to the step from x t to x (t+1). *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums Logarithm RatioSums DecreasingWeights Setting AVGradWeights AVGradRatioSum Regret.
Local Open Scope R_scope.

(* m_t of one coordinate after the gradients y 0, .., y (t-1), with any decays. *)
Fixpoint moment (b y : nat -> R) (t : nat) : R :=
  match t with O => 0 | S t => b t * moment b y t + (1 - b t) * y t end.
Definition moments (b : nat -> R) (g : nat -> vec) (t i : nat) : R := moment b (fun s => g s i) (S t).
Definition steady (beta1 : R) (t : nat) : R := beta1.

(* What is left of the denominator: m_t^2 is a mean of squares, and it is not above v_t over this. *)
Definition kept (beta1 beta2 : R) : R := Rmax ((1 - beta1)²) (1 - beta1² / beta2).

(* The right sides, by data and where |g| <= G. *)
Definition avgrad_momentum_bound (T d : nat) (eps alpha beta1 beta2 : R) (lo hi : vec) (g : nat -> vec) : R :=
  sum d (fun i => (hi i - lo i)² / (2 * alpha * (1 - beta1))
                    * sqrt (INR T * (eps + tvbar beta2 (squares g i) T / INR T))
                  + (1 + beta1) * alpha / ((1 - beta1) * sqrt (1 - beta2)) * sqrt (sum T (squares g i))).
Definition amsgrad_momentum_bound (T d : nat) (eps alpha beta1 beta2 : R) (lo hi : vec) (g : nat -> vec) : R :=
  sum d (fun i => (hi i - lo i)² / (2 * alpha * (1 - beta1)) * sqrt (INR T * (eps + vmax beta2 (squares g i) T))
                  + (1 + beta1) * alpha * sqrt (1 + ln (INR T)) / (2 * sqrt ((1 - beta2) * kept beta1 beta2))
                    * sqrt (sum T (squares g i))).
Definition avgrad_momentum_right (T d D G eps alpha beta1 beta2 : R) : R :=
  d * sqrt T * (D² * radius eps G / (2 * alpha * (1 - beta1))
                + (1 + beta1) * alpha / ((1 - beta1) * sqrt (1 - beta2)) * G).
Definition amsgrad_momentum_right (T d D G eps alpha beta1 beta2 : R) : R :=
  d * sqrt T * (D² * radius eps G / (2 * alpha * (1 - beta1))
                + (1 + beta1) * alpha * sqrt (1 + ln T) / (2 * sqrt ((1 - beta2) * kept beta1 beta2)) * G).

(* sum c_t z_t where c does not increase and z starts at 0: one step later it is no smaller. *)
Lemma later_is_more T c z : z O = 0 -> (forall t, 0 <= z t) -> (forall t, 0 <= c t) -> (forall t, c (S t) <= c t) ->
  sum T (fun t => c t * z t) <= sum T (fun t => c t * z (S t)).
Proof.
  intros Z0 Zp Cp Cm. destruct T as [|T]; [simpl; lra|].
  assert (H : sum (S T) (fun t => c t * z t) <= sum T (fun t => c t * z (S t))).
  { induction T as [|T IH]; [simpl; rewrite Z0; lra|].
    rewrite (sum_S (S T)), (sum_S T (fun t => c t * z (S t))).
    pose proof (Rmult_le_compat_r (z (S T)) (c (S T)) (c T) (Zp (S T)) (Cm T)). lra. }
  rewrite (sum_S T (fun t => c t * z (S t))). apply Rle_trans with (1 := H).
  pose proof (Rmult_le_pos _ _ (Cp T) (Zp (S T))). lra.
Qed.

(* The squares of the moments are no larger than those of the gradients, but for 1 - the largest decay. *)
Lemma moment_squares T b y e b1 : (forall t, 0 <= b t <= b1) -> b1 < 1 -> (forall t, 0 <= e t) ->
  (forall t, e (S t) <= e t) ->
  (1 - b1) * sum T (fun t => e t * (moment b y (S t))²) <= sum T (fun t => (1 - b t) * (e t * (y t)²)).
Proof.
  intros Hb H1 Ep Em.
  assert (M0 : (moment b y 0)² = 0) by (simpl; apply Rsqr_0).
  pose proof (later_is_more T e (fun t => (moment b y t)²) M0 ltac:(intros; apply Rle_0_sqr) Ep Em) as L.
  assert (H : sum T (fun t => e t * (moment b y (S t))²)
              <= sum T (fun t => b1 * (e t * (moment b y t)²) + (1 - b t) * (e t * (y t)²))).
  { apply sum_le; intros t _. pose proof (Hb t) as B. pose proof (Ep t) as E.
    assert (J : (moment b y (S t))² <= b1 * (moment b y t)² + (1 - b t) * (y t)²).
    { simpl. pose proof (Rle_0_sqr (moment b y t)). pose proof (Rle_0_sqr (moment b y t - y t)).
      assert (0 <= b t * (1 - b t) * (moment b y t - y t)²) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra]).
      assert (0 <= (b1 - b t) * (moment b y t)²) by (apply Rmult_le_pos; lra). unfold Rsqr in *. lra. }
    pose proof (Rmult_le_compat_l _ _ _ E J). lra. }
  rewrite sum_plus, sum_scal in H. assert (0 <= b1) by (pose proof (Hb O); lra).
  pose proof (Rmult_le_compat_l b1 _ _ ltac:(lra) L). lra.
Qed.

Section Box.
Variables (lo hi : R).

Lemma clip_moves x z : lo <= x <= hi -> z * (x - clip lo hi (x - z)) <= z² /\ (x - clip lo hi (x - z))² <= z².
Proof.
  intros H. assert (C : (x - clip lo hi (x - z))² <= z²).
  { pose proof (clip_closer lo hi (x - z) x H) as C. unfold Rsqr in *. nra. }
  split; [|exact C]. pose proof (Rle_0_sqr (z - (x - clip lo hi (x - z)))). unfold Rsqr in *. nra.
Qed.

Lemma width_square x u : lo <= x <= hi -> lo <= u <= hi -> (x - u)² <= (hi - lo)².
Proof. intros Hx Hu. apply Rsqr_le_abs_1. unfold Rabs. repeat destruct (Rcase_abs _); lra. Qed.
End Box.

Section Coordinate.
Variables (x e y b : nat -> R) (lo hi u beta1 : R).
Let M := moment b y.
Let a t := / (1 - b t).
Hypothesis x0_in : lo <= x O <= hi.
Hypothesis u_in : lo <= u <= hi.
Hypothesis b_up : forall t, 0 <= b t <= beta1.
Hypothesis b_mono : forall t, b (S t) <= b t.
Hypothesis beta1_1 : beta1 < 1.
Hypothesis e_pos : forall t, 0 < e t.
Hypothesis e_mono : forall t, e (S t) <= e t.
Hypothesis x_step : forall t, x (S t) = clip lo hi (x t - e t * M (S t)).

Local Lemma inside t : lo <= x t <= hi.
Proof. destruct t as [|t]; [auto|]. rewrite x_step. apply clip_in. lra. Qed.

Local Lemma a_low t : 1 <= a t.
Proof. pose proof (b_up t). unfold a. rewrite <- Rinv_1. apply Rinv_le_contravar; lra. Qed.

Local Lemma a_mono t : a (S t) <= a t.
Proof. pose proof (b_up t). pose proof (b_mono t). apply Rinv_le_contravar; lra. Qed.

Local Lemma a_first t : a t <= a O.
Proof. induction t as [|t IH]; [lra|]. apply Rle_trans with (2 := IH), a_mono. Qed.

(* g_t = (m_t - beta_t m_{t-1})/(1-beta_t), summed against x_{t-1} - u; a_t = 1/(1-beta_t). *)
Local Lemma by_moments T : sum (S T) (fun t => y t * (x t - u))
  = sum (S T) (fun t => M (S t) * (x t - u)) + (a T - 1) * (M (S T) * (x T - u))
    + sum T (fun t => (a t - a (S t)) * (M (S t) * (x t - u)) + (a (S t) - 1) * (M (S t) * (x t - x (S t)))).
Proof.
  assert (E : forall t, y t = a t * M (S t) - (a t - 1) * M t).
  { intros t. pose proof (b_up t). unfold a, M. simpl. field. lra. }
  induction T as [|T IH].
  - simpl sum. rewrite (E O). unfold M at 2. simpl (moment b y 0). ring.
  - rewrite (sum_S (S T) (fun t => y t * (x t - u))), (sum_S (S T) (fun t => M (S t) * (x t - u))), IH, (E (S T)),
      (sum_S T (fun t => (a t - a (S t)) * _ + _)). ring.
Qed.

Local Lemma moved t : M (S t) * (x t - x (S t)) <= e t * (M (S t))².
Proof.
  pose proof (clip_moves lo hi (x t) (e t * M (S t)) (inside t)) as [H _]. rewrite <- x_step in H.
  apply Rmult_le_reg_l with (e t); [apply e_pos|]. unfold Rsqr in *. lra.
Qed.

Local Lemma one_moment t : M (S t) * (x t - u) <= (hi - lo)² / (2 * e t) + 1 / 2 * (e t * (M (S t))²).
Proof.
  pose proof (e_pos t) as P. pose proof (width_square lo hi (x t) u (inside t) u_in) as W.
  apply Rmult_le_reg_r with (2 * e t); [lra|].
  replace (((hi - lo)² / (2 * e t) + 1 / 2 * (e t * (M (S t))²)) * (2 * e t)) with ((hi - lo)² + (e t * M (S t))²)
    by (unfold Rsqr; field; lra).
  pose proof (Rle_0_sqr (e t * M (S t) - (x t - u))). unfold Rsqr in *. lra.
Qed.

Local Lemma corrections T :
  sum T (fun t => (a t - a (S t)) * (M (S t) * (x t - u)) + (a (S t) - 1) * (M (S t) * (x t - x (S t))))
  <= (a O - a T) * ((hi - lo)² / (2 * e T)) + (a O - 1) * sum T (fun t => e t * (M (S t))²).
Proof.
  induction T as [|T IH]; [simpl; lra|]. rewrite !sum_S.
  pose proof (one_moment T) as H1. pose proof (moved T) as H2. pose proof (a_mono T) as A. pose proof (a_first T) as A0.
  pose proof (a_low (S T)) as A1. set (s := e T * (M (S T))²) in *.
  assert (Ps : 0 <= s) by (apply Rmult_le_pos; [left; apply e_pos | apply Rle_0_sqr]).
  assert (HD : (hi - lo)² / (2 * e T) <= (hi - lo)² / (2 * e (S T))).
  { apply Rmult_le_compat_l; [apply Rle_0_sqr|]. pose proof (e_pos (S T)). pose proof (e_mono T).
    apply Rinv_le_contravar; lra. }
  pose proof (Rmult_le_compat_l (a T - a (S T)) _ _ ltac:(lra) H1).
  pose proof (Rmult_le_compat_l (a (S T) - 1) _ _ ltac:(lra) H2).
  pose proof (Rmult_le_compat_l (a O - a (S T)) _ _ ltac:(lra) HD).
  assert (0 <= (a O - a T) * s) by (apply Rmult_le_pos; lra).
  assert (0 <= (a T - a (S T)) * s) by (apply Rmult_le_pos; lra). lra.
Qed.

Lemma coordinate_momentum T : sum (S T) (fun t => y t * (x t - u))
  <= (hi - lo)² / (2 * (1 - beta1) * e T) + (1 + beta1) / (2 * (1 - beta1)) * sum (S T) (fun t => e t * (M (S t))²).
Proof.
  rewrite by_moments. pose proof (e_pos T) as P.
  pose proof (coordinate_regret x e (fun t => M (S t)) lo hi u x0_in u_in e_pos e_mono x_step T) as H. cbv beta in H.
  pose proof (one_moment T) as H1. pose proof (corrections T) as H2. pose proof (a_low T) as A1. pose proof (a_first T) as A0.
  pose proof (Rmult_le_compat_l (a T - 1) _ _ ltac:(lra) H1) as H3.
  rewrite (sum_S T (fun t => e t * (M (S t))²)) in *.
  set (Q := sum T (fun t => e t * (M (S t))²)) in *. set (s := e T * (M (S T))²) in *.
  set (D := (hi - lo)² / (2 * e T)) in *.
  assert (Ps : 0 <= s) by (apply Rmult_le_pos; [lra | apply Rle_0_sqr]).
  assert (PQ : 0 <= Q) by (apply sum_nonneg; intros; apply Rmult_le_pos; [left; apply e_pos | apply Rle_0_sqr]).
  assert (PD : 0 <= D) by (apply Rmult_le_pos; [apply Rle_0_sqr | left; apply Rinv_0_lt_compat; lra]).
  assert (A : a O <= / (1 - beta1)) by (pose proof (b_up O); apply Rinv_le_contravar; lra).
  replace ((hi - lo)² / (2 * (1 - beta1) * e T)) with (/ (1 - beta1) * D) by (unfold D; field; lra).
  replace ((1 + beta1) / (2 * (1 - beta1)) * (Q + s)) with ((/ (1 - beta1) - 1 / 2) * (Q + s)) by (field; lra).
  pose proof (Rmult_le_compat_r _ _ _ PD A). pose proof (Rmult_le_compat_r _ _ _ PQ A).
  pose proof (Rmult_le_compat_r _ _ _ Ps A). pose proof (Rmult_le_compat_r _ _ _ Ps A0).
  assert (0 <= (a T - 1) * s) by (apply Rmult_le_pos; lra). lra.
Qed.
End Coordinate.

(* A bound in every coordinate bounds the regret of convex losses. *)
Lemma by_coordinates T d (f : nat -> vec -> R) (X g : nat -> vec) u bound :
  (forall t u, f t u >= f t (X t) + dot d (g t) (fun i => u i - X t i)) ->
  (forall i, (i < d)%nat -> sum T (fun t => g t i * (X t i - u i)) <= bound i) ->
  sum T (fun t => f t (X t) - f t u) <= sum d bound.
Proof.
  intros Hf Hi. apply Rle_trans with (sum T (fun t => sum d (fun i => g t i * (X t i - u i)))).
  - apply sum_le; intros t _. pose proof (Hf t u) as H. unfold dot in H.
    replace (sum d (fun i => g t i * (X t i - u i))) with (- sum d (fun i => g t i * (u i - X t i))); [lra|].
    rewrite <- (Rmult_1_l (sum d _)), Ropp_mult_distr_l, <- sum_scal. apply sum_ext; intros; ring.
  - rewrite sum_swap. apply sum_le; auto.
Qed.

Section Regret.
Variables (d : nat) (lo hi x0 : vec) (g eta : nat -> vec) (b : nat -> R) (beta1 : R).
Hypothesis x0_in : forall i, (i < d)%nat -> lo i <= x0 i <= hi i.
Hypothesis b_up : forall t, 0 <= b t <= beta1.
Hypothesis b_mono : forall t, b (S t) <= b t.
Hypothesis beta1_1 : beta1 < 1.
Hypothesis eta_pos : forall t i, (i < d)%nat -> 0 < eta t i.
Hypothesis eta_mono : forall t i, (i < d)%nat -> eta (S t) i <= eta t i.
Let X := online eta (moments b g) lo hi x0.
Variable f : nat -> vec -> R.
Hypothesis f_convex : forall t u, f t u >= f t (X t) + dot d (g t) (fun i => u i - X t i).

Theorem momentum_regret T u : (0 < T)%nat -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  sum T (fun t => f t (X t) - f t u)
  <= sum d (fun i => (hi i - lo i)² / (2 * (1 - beta1) * eta (T - 1)%nat i)
                     + (1 + beta1) / (2 * (1 - beta1)) * sum T (fun t => eta t i * (moments b g t i)²)).
Proof.
  intros HT Hu. apply by_coordinates with (g := g); auto. intros i Hi. destruct T as [|T]; [lia|].
  replace (S T - 1)%nat with T by lia.
  apply (coordinate_momentum (fun t => X t i) (fun t => eta t i) (fun t => g t i) b (lo i) (hi i) (u i) beta1); auto.
Qed.
End Regret.

(* |m_t| <= r a_t, where a_t = beta1 a_{t-1} + |g_t|; r = 1-beta1 for a constant decay, and 1 for any other. *)
Fixpoint piled (beta1 : R) (y : nat -> R) (t : nat) : R :=
  match t with O => 0 | S t => beta1 * piled beta1 y t + Rabs (y t) end.

Lemma piled_nonneg beta1 y t : 0 <= beta1 -> 0 <= piled beta1 y t.
Proof. intros H. induction t as [|t IH]; simpl; [lra|]. pose proof (Rabs_pos (y t)). nra. Qed.

Lemma moment_piled beta1 y t : 0 <= beta1 <= 1 -> Rabs (moment (steady beta1) y t) <= (1 - beta1) * piled beta1 y t.
Proof.
  intros H. induction t as [|t IH]; simpl; [rewrite Rabs_R0; lra|]. unfold steady.
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite !Rabs_mult, (Rabs_right beta1), (Rabs_right (1 - beta1)) by lra.
  fold (steady beta1). nra.
Qed.

(* (1-beta2)(1 - beta1^2/beta2) a_t^2 <= v_t: the difference is a square in every step. *)
Lemma piled_square beta1 beta2 y t : 0 <= beta1 -> 0 < beta2 < 1 -> beta1² <= beta2 ->
  (1 - beta2) * (beta2 - beta1²) * (piled beta1 y t)² <= beta2 * v beta2 (fun s => (y s)²) t.
Proof.
  intros H1 H2 H. induction t as [|t IH]; [simpl; rewrite Rsqr_0; lra|]. simpl.
  set (a := piled beta1 y t) in *. set (vt := v beta2 (fun s => (y s)²) t) in *. rewrite (Rsqr_abs (y t)).
  set (z := Rabs (y t)). apply Rle_trans with
    (beta2 * ((1 - beta2) * (beta2 - beta1²) * a²) + (1 - beta2) * (beta2 * z²)).
  - assert (Q : 0 <= (1 - beta2) * ((beta2 - beta1²) * a - beta1 * z)²)
      by (apply Rmult_le_pos; [lra | apply Rle_0_sqr]).
    unfold Rsqr in *. lra.
  - assert (beta2 * ((1 - beta2) * (beta2 - beta1²) * a²) <= beta2 * (beta2 * vt))
      by (apply Rmult_le_compat_l; lra). unfold Rsqr in *. lra.
Qed.

(* sum a_t/sqrt t <= sum |g_t|/sqrt t/(1-beta1). *)
Lemma piled_sum T beta1 y : 0 <= beta1 < 1 ->
  (1 - beta1) * sum T (fun t => sqrt (/ INR (S t)) * piled beta1 y (S t))
  <= sum T (fun t => Rabs (y t) * sqrt (/ INR (S t))).
Proof.
  intros H.
  pose proof (later_is_more T (fun t => sqrt (/ INR (S t))) (piled beta1 y) eq_refl
    ltac:(intros; apply piled_nonneg; lra) ltac:(intros; apply sqrt_pos)
    ltac:(intros t; apply sqrt_le_1_alt, Rinv_le_contravar; [apply INR_S_pos | rewrite (S_INR (S t)); lra])) as L.
  assert (E : sum T (fun t => sqrt (/ INR (S t)) * piled beta1 y (S t))
    = beta1 * sum T (fun t => sqrt (/ INR (S t)) * piled beta1 y t)
      + sum T (fun t => Rabs (y t) * sqrt (/ INR (S t)))).
  { rewrite <- sum_scal, <- sum_plus. apply sum_ext; intros t _. simpl piled. ring. }
  pose proof (Rmult_le_compat_l beta1 _ _ ltac:(lra) L). lra.
Qed.

Section Methods.
Variables (d : nat) (lo hi x0 : vec) (g : nat -> vec) (eps alpha beta1 beta2 : R).
Hypothesis x0_in : forall i, (i < d)%nat -> lo i <= x0 i <= hi i.
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta1_01 : 0 <= beta1 < 1.
Hypothesis beta2_01 : 0 < beta2 < 1.
Variable f : nat -> vec -> R.
Variables (T : nat) (u : vec).
Hypothesis T_pos : (0 < T)%nat.
Hypothesis u_in : forall i, (i < d)%nat -> lo i <= u i <= hi i.

(* The moments of one coordinate. *)
Local Notation m i := (moment (steady beta1) (fun s => g s i)).

Local Lemma mean_squares i e : (forall t, 0 <= e t) -> (forall t, e (S t) <= e t) ->
  sum T (fun t => e t * (m i (S t))²) <= sum T (fun t => e t * (g t i)²).
Proof.
  intros Ep Em. apply Rmult_le_reg_l with (1 - beta1); [lra|].
  apply Rle_trans with (1 := moment_squares T (steady beta1) (fun s => g s i) e beta1
    ltac:(intros; unfold steady; lra) ltac:(lra) Ep Em).
  right. rewrite <- sum_scal. reflexivity.
Qed.

Local Lemma kept_pos : 0 < kept beta1 beta2.
Proof. apply Rlt_le_trans with (2 := Rmax_l _ _). apply Rlt_0_sqr. lra. Qed.

(* alpha_t m_t^2/sqrt(h_t) where h_t >= v_t, in the two ways. *)
Local Lemma amsgrad_moments i h : (forall t, 0 < h t) -> (forall t, INR (S t) * h t <= INR (S (S t)) * h (S t)) ->
  (forall t, v beta2 (squares g i) (S t) <= h t) ->
  sum T (fun t => alpha / sqrt (INR (S t) * h t) * (m i (S t))²)
  <= (1 - beta1) * (alpha * sqrt (1 + ln (INR T)) / sqrt ((1 - beta2) * kept beta1 beta2))
     * sqrt (sum T (squares g i)).
Proof.
  intros h_pos h_mono h_low. pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)) as Hw.
  assert (Pt : forall t, 0 < INR (S t) * h t) by (intros; apply Rmult_lt_0_compat; [apply INR_S_pos | auto]).
  unfold kept. apply Rmax_case_strong; intros Hk.
  - (* m_t^2 is below a mean of squares *)
    rewrite sqrt_mult_alt, sqrt_Rsqr by lra.
    apply Rle_trans with (sum T (fun t => alpha / sqrt (INR (S t) * h t) * (g t i)²)).
    + apply mean_squares.
      * intros t. left. apply Rdiv_lt_0_compat; auto. apply sqrt_lt_R0; auto.
      * intros t. apply step_mono; auto.
    + pose proof (amsgrad_steps g alpha beta2 alpha_pos ltac:(lra) T T_pos i h h_pos) as H.
      assert (Hl : forall t, (1 - beta2) * (g t i)² <= h t).
      { intros t. apply Rle_trans with (2 := h_low t). simpl.
        pose proof (v_nonneg beta2 (squares g i) t ltac:(lra) (squares_nonneg g i)).
        assert (0 <= beta2 * v beta2 (squares g i) t) by (apply Rmult_le_pos; lra). unfold squares at 2. lra. }
      specialize (H Hl).
      replace ((1 - beta1) * (alpha * sqrt (1 + ln (INR T)) / (sqrt (1 - beta2) * (1 - beta1))))
        with (2 * (alpha * sqrt (1 + ln (INR T)) / (2 * sqrt (1 - beta2)))) by (field; lra). lra.
  - (* m_t^2 <= (1-beta1)^2 a_t^2, a_t <= sqrt(v_t)/sqrt(w (1 - beta1^2/beta2)) *)
    assert (P : 0 < 1 - beta1² / beta2).
    { apply Rlt_le_trans with (2 := Hk). apply Rlt_0_sqr. lra. }
    assert (G1 : beta1² < beta2).
    { apply Rmult_lt_reg_r with (/ beta2); [apply Rinv_0_lt_compat; lra|]. unfold Rdiv in P. rewrite Rinv_r; lra. }
    set (C := (1 - beta2) * (1 - beta1² / beta2)). assert (PC : 0 < C) by (apply Rmult_lt_0_compat; lra).
    pose proof (sqrt_lt_R0 C PC) as PsC. set (y := fun s => g s i). set (a := piled beta1 y).
    assert (A0 : forall t, 0 <= a t) by (intros; apply piled_nonneg; lra).
    assert (A1 : forall t, sqrt C * a (S t) <= sqrt (h t)).
    { intros t. rewrite <- (sqrt_Rsqr (a (S t))) by auto. rewrite <- sqrt_mult_alt by lra. apply sqrt_le_1_alt.
      apply Rle_trans with (2 := h_low t). apply Rmult_le_reg_l with beta2; [lra|].
      apply Rle_trans with (2 := piled_square beta1 beta2 y (S t) ltac:(lra) beta2_01 ltac:(lra)).
      right. unfold C, a. field. lra. }
    assert (M1 : forall t, (m i (S t))² <= (1 - beta1)² * (a (S t))²).
    { intros t. rewrite <- Rsqr_mult. apply Rsqr_le_abs_1. rewrite (Rabs_right (_ * _)).
      - apply (moment_piled beta1 y (S t)). lra.
      - apply Rle_ge, Rmult_le_pos; [lra | auto]. }
    apply Rle_trans with ((1 - beta1) * (alpha / sqrt C)
      * ((1 - beta1) * sum T (fun t => sqrt (/ INR (S t)) * a (S t)))).
    + rewrite <- !sum_scal. apply sum_le; intros t _. pose proof (INR_S_pos t) as It.
      pose proof (sqrt_lt_R0 _ It) as Is. pose proof (sqrt_lt_R0 _ (h_pos t)) as Hs.
      rewrite sqrt_mult_alt, sqrt_inv by lra.
      apply Rle_trans with (alpha / (sqrt (INR (S t)) * sqrt (h t)) * ((1 - beta1)² * (a (S t))²)).
      * apply Rmult_le_compat_l; [left; apply Rdiv_lt_0_compat; [auto | apply Rmult_lt_0_compat; auto] | apply M1].
      * replace (alpha / (sqrt (INR (S t)) * sqrt (h t)) * ((1 - beta1)² * (a (S t))²))
          with ((1 - beta1)² * (alpha * / sqrt (INR (S t)) * a (S t)) * / sqrt C * (sqrt C * a (S t) / sqrt (h t)))
          by (unfold Rsqr; field; lra).
        replace ((1 - beta1) * (alpha / sqrt C) * ((1 - beta1) * (/ sqrt (INR (S t)) * a (S t))))
          with ((1 - beta1)² * (alpha * / sqrt (INR (S t)) * a (S t)) * / sqrt C * 1) by (unfold Rsqr; field; lra).
        apply Rmult_le_compat_l.
        -- repeat apply Rmult_le_pos; try apply Rle_0_sqr; auto; try lra; left; apply Rinv_0_lt_compat; auto.
        -- apply Rmult_le_reg_r with (sqrt (h t)); [auto|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra.
           pose proof (A1 t). lra.
    + replace ((1 - beta1) * (alpha * sqrt (1 + ln (INR T)) / sqrt C) * sqrt (sum T (squares g i)))
        with ((1 - beta1) * (alpha / sqrt C) * (sqrt (sum T (squares g i)) * sqrt (1 + ln (INR T)))) by (field; lra).
      apply Rmult_le_compat_l.
      * apply Rmult_le_pos; [lra|]. left. apply Rdiv_lt_0_compat; auto.
      * apply Rle_trans with (1 := piled_sum T beta1 y beta1_01). apply (over_roots T y T_pos).
Qed.

Local Lemma amsgrad_momentum_of : let X := online (amsgrad_eta eps alpha beta2 g) (moments (steady beta1) g) lo hi x0 in
  (forall t u, f t u >= f t (X t) + dot d (g t) (fun i => u i - X t i)) ->
  sum T (fun t => f t (X t) - f t u) <= amsgrad_momentum_bound T d eps alpha beta1 beta2 lo hi g.
Proof.
  intros X Hf. set (h i t := eps + vmax beta2 (squares g i) (S t)).
  assert (hp : forall i t, 0 < h i t)
    by (intros; unfold h; pose proof (vmax_nonneg beta2 (squares g i) (S t)); lra).
  assert (hm : forall i t, h i t <= h i (S t)) by (intros; apply Rplus_le_compat_l, Rmax_l).
  assert (bm : forall i t, INR (S t) * h i t <= INR (S (S t)) * h i (S t)).
  { intros. apply Rmult_le_compat; auto using pos_INR; [left; apply hp | apply le_INR; lia]. }
  assert (bp : forall i t, 0 < INR (S t) * h i t)
    by (intros; apply Rmult_lt_0_compat; [apply INR_S_pos | apply hp]).
  apply Rle_trans with (1 := momentum_regret d lo hi x0 g (amsgrad_eta eps alpha beta2 g) (steady beta1) beta1 x0_in
    ltac:(intros; unfold steady; lra) ltac:(intros; unfold steady; lra) ltac:(lra)
    ltac:(intros; apply Rdiv_lt_0_compat; auto; apply sqrt_lt_R0, bp)
    ltac:(intros; apply step_mono; auto; split; [apply bp | apply bm])
    f Hf T u T_pos u_in).
  apply sum_le; intros i _. apply Rplus_le_compat.
  - right. destruct T as [|T']; [lia|]. replace (S T' - 1)%nat with T' by lia. unfold amsgrad_eta.
    fold (h i T'). pose proof (sqrt_lt_R0 _ (bp i T')). field. lra.
  - pose proof (amsgrad_moments i (h i) (hp i) (bm i)) as H.
    assert (Hl : forall t, v beta2 (squares g i) (S t) <= h i t).
    { intros t. apply Rle_trans with (vmax beta2 (squares g i) (S t)); [apply Rmax_r | unfold h; lra]. }
    specialize (H Hl). set (K := sqrt ((1 - beta2) * kept beta1 beta2)) in *.
    assert (PK : 0 < K) by (apply sqrt_lt_R0, Rmult_lt_0_compat; [lra | apply kept_pos]).
    apply Rle_trans with ((1 + beta1) / (2 * (1 - beta1))
      * ((1 - beta1) * (alpha * sqrt (1 + ln (INR T)) / K) * sqrt (sum T (squares g i)))).
    + apply Rmult_le_compat_l; [left; apply Rdiv_lt_0_compat; lra | exact H].
    + right. field. lra.
Qed.

Local Lemma avgrad_momentum_of : let X := online (avgrad_eta eps alpha beta2 g) (moments (steady beta1) g) lo hi x0 in
  (forall t u, f t u >= f t (X t) + dot d (g t) (fun i => u i - X t i)) ->
  sum T (fun t => f t (X t) - f t u) <= avgrad_momentum_bound T d eps alpha beta1 beta2 lo hi g.
Proof.
  intros X Hf. pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)) as Hw.
  assert (Bp : forall i t, 0 < B (squares g i) eps beta2 (S t))
    by (intros; apply B_pos; auto using squares_nonneg; lra).
  assert (Eb : forall t i, avgrad_eta eps alpha beta2 g t i = alpha / sqrt (B (squares g i) eps beta2 (S t)))
    by (intros; apply Regret.avgrad_eta_b).
  assert (Ep : forall t i, 0 < avgrad_eta eps alpha beta2 g t i)
    by (intros; rewrite Eb; apply Rdiv_lt_0_compat; auto; apply sqrt_lt_R0, Bp).
  assert (Em : forall t i, avgrad_eta eps alpha beta2 g (S t) i <= avgrad_eta eps alpha beta2 g t i).
  { intros; rewrite !Eb. apply step_mono; auto. split; auto. apply B_mono; auto using squares_nonneg; lra. }
  apply Rle_trans with (1 := momentum_regret d lo hi x0 g (avgrad_eta eps alpha beta2 g) (steady beta1) beta1 x0_in
    ltac:(intros; unfold steady; lra) ltac:(intros; unfold steady; lra) ltac:(lra)
    ltac:(auto) ltac:(auto) f Hf T u T_pos u_in).
  apply sum_le; intros i _. apply Rplus_le_compat.
  - right. destruct T as [|T']; [lia|]. replace (S T' - 1)%nat with T' by lia. rewrite Eb, Regret.avgrad_b.
    pose proof (sqrt_lt_R0 _ (Bp i T')). field. lra.
  - pose proof (mean_squares i (fun t => avgrad_eta eps alpha beta2 g t i)
      (fun t => Rlt_le _ _ (Ep t i)) (fun t => Em t i)) as H. cbv beta in H.
    pose proof (avgrad_steps g eps alpha beta2 eps_pos alpha_pos ltac:(lra) T i) as H2.
    apply Rle_trans with ((1 + beta1) / (2 * (1 - beta1)) * (2 * (alpha / sqrt (1 - beta2) * sqrt (sum T (squares g i))))).
    + apply Rmult_le_compat_l; [left; apply Rdiv_lt_0_compat; lra|]. unfold moments. lra.
    + right. field. lra.
Qed.
End Methods.

Section Apriori.
Variables (d : nat) (lo hi : vec) (g : nat -> vec) (D G eps alpha beta1 beta2 : R) (T : nat).
Hypothesis g_bnd : forall t i, (i < d)%nat -> Rabs (g t i) <= G.
Hypothesis width : forall i, (i < d)%nat -> 0 <= hi i - lo i <= D.
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta1_01 : 0 <= beta1 < 1.
Hypothesis beta2_01 : 0 < beta2 < 1.
Hypothesis T_pos : (0 < T)%nat.

(* T9's bound of one coordinate at the step size alpha (1-beta1). *)
Local Lemma slower i vhat C : (i < d)%nat -> 0 <= vhat <= G² -> 0 <= C ->
  (hi i - lo i)² / (2 * alpha * (1 - beta1)) * sqrt (INR T * (eps + vhat)) + C * sqrt (sum T (squares g i))
  <= sqrt (INR T) * (D² * radius eps G / (2 * alpha * (1 - beta1)) + C * G).
Proof.
  intros Hi Hv HC. rewrite (Rmult_assoc 2 alpha).
  apply (Regret.coordinate d lo hi g D G eps (alpha * (1 - beta1)) T); auto. apply Rmult_lt_0_compat; lra.
Qed.

Local Lemma avgrad_momentum_apriori : avgrad_momentum_bound T d eps alpha beta1 beta2 lo hi g
  <= avgrad_momentum_right (INR T) (INR d) D G eps alpha beta1 beta2.
Proof.
  unfold avgrad_momentum_right. rewrite Rmult_assoc. apply sum_le_const. intros i Hi.
  pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)). apply slower; auto.
  - apply (Regret.average_up d g G beta2 T); auto. lra.
  - left. apply Rdiv_lt_0_compat; apply Rmult_lt_0_compat; lra.
Qed.

Local Lemma amsgrad_momentum_apriori : amsgrad_momentum_bound T d eps alpha beta1 beta2 lo hi g
  <= amsgrad_momentum_right (INR T) (INR d) D G eps alpha beta1 beta2.
Proof.
  unfold amsgrad_momentum_right. rewrite Rmult_assoc. apply sum_le_const. intros i Hi. apply slower; auto.
  - split; [apply vmax_nonneg | apply vmax_up; [lra | apply Rle_0_sqr | apply (Regret.squares_up d g G); auto]].
  - apply Rmult_le_pos; [apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply sqrt_pos]|].
    left. apply Rinv_0_lt_compat. pose proof (sqrt_lt_R0 ((1 - beta2) * kept beta1 beta2)
      ltac:(apply Rmult_lt_0_compat; [lra | apply kept_pos; auto])). lra.
Qed.
End Apriori.

(* In full. The bound by data, and the one for gradients below G on a box of width D. *)
Theorem avgrad_momentum_regret_data T d lo hi x0 g f u eps alpha beta1 beta2 :
  (forall i, (i < d)%nat -> lo i <= x0 i <= hi i) -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 < beta2 < 1 -> (0 < T)%nat ->
  (forall t u, f t u >= f t (online (avgrad_eta eps alpha beta2 g) (moments (steady beta1) g) lo hi x0 t)
      + dot d (g t) (fun i => u i - online (avgrad_eta eps alpha beta2 g) (moments (steady beta1) g) lo hi x0 t i)) ->
  sum T (fun t => f t (online (avgrad_eta eps alpha beta2 g) (moments (steady beta1) g) lo hi x0 t) - f t u)
  <= avgrad_momentum_bound T d eps alpha beta1 beta2 lo hi g.
Proof. intros. apply (avgrad_momentum_of d); auto. Qed.

Theorem amsgrad_momentum_regret_data T d lo hi x0 g f u eps alpha beta1 beta2 :
  (forall i, (i < d)%nat -> lo i <= x0 i <= hi i) -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 < beta2 < 1 -> (0 < T)%nat ->
  (forall t u, f t u >= f t (online (amsgrad_eta eps alpha beta2 g) (moments (steady beta1) g) lo hi x0 t)
      + dot d (g t) (fun i => u i - online (amsgrad_eta eps alpha beta2 g) (moments (steady beta1) g) lo hi x0 t i)) ->
  sum T (fun t => f t (online (amsgrad_eta eps alpha beta2 g) (moments (steady beta1) g) lo hi x0 t) - f t u)
  <= amsgrad_momentum_bound T d eps alpha beta1 beta2 lo hi g.
Proof. intros. apply (amsgrad_momentum_of d); auto. Qed.

Theorem avgrad_momentum_regret T d lo hi x0 g f u D G eps alpha beta1 beta2 :
  (forall t i, (i < d)%nat -> Rabs (g t i) <= G) -> (forall i, (i < d)%nat -> 0 <= hi i - lo i <= D) ->
  (forall i, (i < d)%nat -> lo i <= x0 i <= hi i) -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 < beta2 < 1 -> (0 < T)%nat ->
  (forall t u, f t u >= f t (online (avgrad_eta eps alpha beta2 g) (moments (steady beta1) g) lo hi x0 t)
      + dot d (g t) (fun i => u i - online (avgrad_eta eps alpha beta2 g) (moments (steady beta1) g) lo hi x0 t i)) ->
  sum T (fun t => f t (online (avgrad_eta eps alpha beta2 g) (moments (steady beta1) g) lo hi x0 t) - f t u)
  <= avgrad_momentum_right (INR T) (INR d) D G eps alpha beta1 beta2.
Proof.
  intros Hg HD Hx Hu He Ha H1 H2 HT Hf.
  apply Rle_trans with (1 := avgrad_momentum_regret_data T d lo hi x0 g f u eps alpha beta1 beta2
    Hx Hu He Ha H1 H2 HT Hf).
  apply avgrad_momentum_apriori; auto.
Qed.

Theorem amsgrad_momentum_regret T d lo hi x0 g f u D G eps alpha beta1 beta2 :
  (forall t i, (i < d)%nat -> Rabs (g t i) <= G) -> (forall i, (i < d)%nat -> 0 <= hi i - lo i <= D) ->
  (forall i, (i < d)%nat -> lo i <= x0 i <= hi i) -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 < beta2 < 1 -> (0 < T)%nat ->
  (forall t u, f t u >= f t (online (amsgrad_eta eps alpha beta2 g) (moments (steady beta1) g) lo hi x0 t)
      + dot d (g t) (fun i => u i - online (amsgrad_eta eps alpha beta2 g) (moments (steady beta1) g) lo hi x0 t i)) ->
  sum T (fun t => f t (online (amsgrad_eta eps alpha beta2 g) (moments (steady beta1) g) lo hi x0 t) - f t u)
  <= amsgrad_momentum_right (INR T) (INR d) D G eps alpha beta1 beta2.
Proof.
  intros Hg HD Hx Hu He Ha H1 H2 HT Hf.
  apply Rle_trans with (1 := amsgrad_momentum_regret_data T d lo hi x0 g f u eps alpha beta1 beta2
    Hx Hu He Ha H1 H2 HT Hf).
  apply amsgrad_momentum_apriori; auto.
Qed.
